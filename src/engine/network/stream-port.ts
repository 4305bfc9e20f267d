import { connect, type Socket } from 'node:net';
import { FrameParser } from './framing.js';
import { type PortHandlers, SwitchPort } from './switch-port.js';
import type { StreamPortSpec } from './switch-protocol.js';

const REDIAL_AFTER = 250;

/** A cable to QEMU: dials the socket that it listens on, for ever. */
export class StreamPort extends SwitchPort {
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #path: string;

  constructor(spec: StreamPortSpec, handlers: PortHandlers) {
    super(spec, handlers);
    this.#path = spec.path;
    this.#dial();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    this.release();
  }

  protected transmit(buffer: Buffer, start: number, end: number): number {
    if (this.#socket === undefined) return 0;
    this.#socket.write(buffer.subarray(start, end));
    return this.#socket.writableLength;
  }

  protected reading(on: boolean): void {
    if (on) this.#socket?.resume();
    else this.#socket?.pause();
  }

  #dial(): void {
    if (this.#closed) return;
    const socket = connect({ path: this.#path });
    const parser = new FrameParser();
    this.#socket = socket;
    socket.on('connect', () => this.setConnected(true));
    socket.on('data', (chunk: Buffer) => {
      try {
        parser.push(chunk, this.onRecord);
      } catch {
        this.statistics.malformed += 1;
        socket.destroy();
      } finally {
        this.onChunkEnd();
      }
    });
    socket.on('drain', () => this.release());
    // The reason does not matter: the machine is off, restarting or gone, and the next dial will tell.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#socket = undefined;
      this.setConnected(false);
      this.release();
      if (!this.#closed) this.#timer = setTimeout(() => this.#dial(), REDIAL_AFTER);
    });
  }
}
