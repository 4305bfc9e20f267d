import type { RecordSink } from './framing.js';
import type { PortSpec } from './switch-protocol.js';

/** More than this queued for a machine holds back whoever sends to it … */
const QUEUE_HIGH = 1024 * 1024;
/** … for at most this long; then frames for it are dropped until it reads again, so that one stopped machine stops no other. */
const HOLD_BACK = 100;

export interface PortStatistics {
  name: string;
  link: boolean;
  connected: boolean;
  /** Times a connection was made. */
  connects: number;
  rxFrames: number;
  rxBytes: number;
  txFrames: number;
  txBytes: number;
  /** Frames for this machine that were thrown away because it did not read them. */
  dropped: number;
  /** Frames too short for Ethernet, and streams that were out of step. */
  malformed: number;
}

export interface PortHandlers {
  record: (port: SwitchPort) => RecordSink;
  chunkEnd: () => void;
  change: () => void;
}

/** One machine's cable. What it is made of, a stream or datagrams, is up to the subclass. */
export abstract class SwitchPort {
  readonly statistics: PortStatistics;
  #stalled = false;
  #holdTimer: NodeJS.Timeout | undefined;
  readonly #heldBack = new Set<SwitchPort>();
  readonly #waitingFor = new Set<SwitchPort>();
  protected readonly onRecord: RecordSink;
  protected readonly onChunkEnd: () => void;
  readonly #onChange: () => void;

  constructor(
    readonly spec: PortSpec,
    handlers: PortHandlers,
  ) {
    this.statistics = {
      name: spec.name,
      link: spec.link ?? true,
      connected: false,
      connects: 0,
      rxFrames: 0,
      rxBytes: 0,
      txFrames: 0,
      txBytes: 0,
      dropped: 0,
      malformed: 0,
    };
    this.onRecord = handlers.record(this);
    this.onChunkEnd = handlers.chunkEnd;
    this.#onChange = handlers.change;
  }

  /** Sends whole records: buffer[start..end) holds `frames` of them. `from` may be held back when this port is slow. */
  send(from: SwitchPort, buffer: Buffer, start: number, end: number, frames: number): void {
    const statistics = this.statistics;
    if (!statistics.connected || !statistics.link) return;
    if (this.#stalled) {
      statistics.dropped += frames;
      return;
    }
    const queued = this.transmit(buffer, start, end);
    statistics.txFrames += frames;
    statistics.txBytes += end - start - frames * 4;
    if (queued > QUEUE_HIGH) this.#holdBack(from);
  }

  abstract close(): void;
  /** Hands records to the cable; returns how many bytes wait in it. Only called while connected. */
  protected abstract transmit(buffer: Buffer, start: number, end: number): number;
  /** Stops and goes on reading from the machine, where that is possible. */
  protected abstract reading(on: boolean): void;

  protected setConnected(connected: boolean): void {
    if (this.statistics.connected === connected) return;
    this.statistics.connected = connected;
    if (connected) this.statistics.connects += 1;
    this.#onChange();
  }

  /** The cable has room again, or is gone. */
  protected release(): void {
    this.#stalled = false;
    this.#letGo();
  }

  #holdBack(from: SwitchPort): void {
    this.#heldBack.add(from);
    from.#waitingFor.add(this);
    from.reading(false);
    this.#holdTimer ??= setTimeout(() => {
      this.#stalled = this.statistics.connected;
      this.#letGo();
    }, HOLD_BACK);
  }

  #letGo(): void {
    clearTimeout(this.#holdTimer);
    this.#holdTimer = undefined;
    for (const from of this.#heldBack) {
      from.#waitingFor.delete(this);
      if (from.#waitingFor.size === 0) from.reading(true);
    }
    this.#heldBack.clear();
  }
}
