import { isDeepStrictEqual } from 'node:util';
import { HEADER_BYTES } from './framing.js';
import { StreamPort } from './stream-port.js';
import type { PortHandlers, PortStatistics, SwitchPort } from './switch-port.js';
import type { PortSpec } from './switch-protocol.js';
import { TunnelPort } from './tunnel-port.js';

const ETHERNET_HEADER = 14;
/** A guest that invents addresses must not eat memory. */
const MAX_ADDRESSES = 4096;

export interface Recorder {
  record(buffer: Buffer, start: number, end: number, time: number): void;
}

/**
 * A learning Ethernet switch. Consecutive frames of one chunk that go the same way leave in one write of the very bytes that
 * came in: no copy, no allocation per frame.
 */
export class Switch {
  readonly #ports = new Map<string, SwitchPort>();
  /** Source address (48 bits as a number) to the port it was last seen on. */
  readonly #addresses = new Map<number, SwitchPort>();
  readonly #recorder: Recorder | undefined;
  readonly #onChange: () => void;
  #time = 0;

  // The run of records being gathered.
  #runFrom: SwitchPort | undefined;
  #runTo: SwitchPort | undefined;
  #runBuffer: Buffer | undefined;
  #runStart = 0;
  #runEnd = 0;
  #runFrames = 0;

  constructor(options: { recorder?: Recorder; onChange?: () => void } = {}) {
    this.#recorder = options.recorder;
    this.#onChange = options.onChange ?? (() => {});
  }

  /** Adding the same port again changes nothing; the same name with another cable replaces it. */
  add(spec: PortSpec): void {
    const known = this.#ports.get(spec.name);
    if (known !== undefined && isDeepStrictEqual(cable(known.spec), cable(spec))) {
      known.statistics.link = spec.link ?? known.statistics.link;
      return;
    }
    this.remove(spec.name);
    const handlers: PortHandlers = {
      record: (from) => this.#receive.bind(this, from),
      chunkEnd: () => this.#endChunk(),
      change: this.#onChange,
    };
    this.#ports.set(spec.name, 'serial' in spec ? new TunnelPort(spec, handlers) : new StreamPort(spec, handlers));
  }

  remove(name: string): void {
    const port = this.#ports.get(name);
    if (port === undefined) return;
    this.#ports.delete(name);
    port.close();
    for (const [address, owner] of this.#addresses) if (owner === port) this.#addresses.delete(address);
  }

  /** Returns false when there is no such port. */
  link(name: string, up: boolean): boolean {
    const port = this.#ports.get(name);
    if (port === undefined) return false;
    port.statistics.link = up;
    return true;
  }

  statistics(): PortStatistics[] {
    return [...this.#ports.values()].map((port) => ({ ...port.statistics }));
  }

  specs(): PortSpec[] {
    return [...this.#ports.values()].map(({ spec, statistics }) => ({ ...spec, link: statistics.link }));
  }

  get connected(): number {
    let count = 0;
    for (const port of this.#ports.values()) if (port.statistics.connected) count += 1;
    return count;
  }

  close(): void {
    for (const name of [...this.#ports.keys()]) this.remove(name);
  }

  #receive(from: SwitchPort, buffer: Buffer, start: number, end: number): void {
    const statistics = from.statistics;
    const frame = start + HEADER_BYTES;
    if (end - frame < ETHERNET_HEADER) {
      statistics.malformed += 1;
      return;
    }
    if (!statistics.link) return;
    statistics.rxFrames += 1;
    statistics.rxBytes += end - frame;
    if (this.#recorder !== undefined) {
      // One clock reading per chunk is enough.
      if (this.#time === 0) this.#time = Math.floor((performance.timeOrigin + performance.now()) * 1000);
      this.#recorder.record(buffer, frame, end, this.#time);
    }
    const to = this.#route(from, buffer, frame);
    if (to === from) return;
    if (to === this.#runTo && from === this.#runFrom && buffer === this.#runBuffer && start === this.#runEnd) {
      this.#runEnd = end;
      this.#runFrames += 1;
      return;
    }
    this.#flushRun();
    this.#runFrom = from;
    this.#runTo = to;
    this.#runBuffer = buffer;
    this.#runStart = start;
    this.#runEnd = end;
    this.#runFrames = 1;
  }

  /** Learns the sender; returns the port of the receiver, or undefined to flood. */
  #route(from: SwitchPort, buffer: Buffer, frame: number): SwitchPort | undefined {
    const addresses = this.#addresses;
    const senderIsGroup = ((buffer[frame + 6] as number) & 1) === 1;
    if (!senderIsGroup) {
      const source = buffer.readUIntBE(frame + 6, 6);
      if (addresses.get(source) !== from && (addresses.size < MAX_ADDRESSES || addresses.has(source))) {
        addresses.set(source, from);
      }
    }
    if (((buffer[frame] as number) & 1) === 1) return undefined;
    return addresses.get(buffer.readUIntBE(frame, 6));
  }

  #endChunk(): void {
    this.#flushRun();
    this.#time = 0;
  }

  #flushRun(): void {
    const from = this.#runFrom;
    const buffer = this.#runBuffer;
    if (from === undefined || buffer === undefined) return;
    this.#runFrom = undefined;
    this.#runBuffer = undefined;
    const to = this.#runTo;
    if (to !== undefined) {
      to.send(from, buffer, this.#runStart, this.#runEnd, this.#runFrames);
      return;
    }
    for (const port of this.#ports.values()) {
      if (port !== from) port.send(from, buffer, this.#runStart, this.#runEnd, this.#runFrames);
    }
  }
}

function cable({ link: _, ...rest }: PortSpec): Omit<PortSpec, 'link'> {
  return rest;
}
