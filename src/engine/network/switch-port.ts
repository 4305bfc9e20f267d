import { connect, type Socket } from 'node:net';
import { FrameParser, type RecordSink } from './framing.js';

const REDIAL_AFTER = 250;
/** More than this queued for a machine holds back whoever sends to it … */
const QUEUE_HIGH = 1024 * 1024;
/** … for at most this long; then frames for it are dropped until it reads again, so that one stopped machine stops no other. */
const HOLD_BACK = 100;

export interface PortStatistics {
  name: string;
  path: string;
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

/** One machine's cable: dials the socket that its QEMU listens on, for ever. */
export class SwitchPort {
  readonly statistics: PortStatistics;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #stalled = false;
  #holdTimer: NodeJS.Timeout | undefined;
  readonly #heldBack = new Set<SwitchPort>();
  readonly #waitingFor = new Set<SwitchPort>();
  readonly #onRecord: RecordSink;
  readonly #onChunkEnd: () => void;
  readonly #onChange: () => void;

  constructor(
    name: string,
    path: string,
    link: boolean,
    handlers: { record: (port: SwitchPort) => RecordSink; chunkEnd: () => void; change: () => void },
  ) {
    this.statistics = {
      name,
      path,
      link,
      connected: false,
      connects: 0,
      rxFrames: 0,
      rxBytes: 0,
      txFrames: 0,
      txBytes: 0,
      dropped: 0,
      malformed: 0,
    };
    this.#onRecord = handlers.record(this);
    this.#onChunkEnd = handlers.chunkEnd;
    this.#onChange = handlers.change;
    this.#dial();
  }

  /** Sends whole records: buffer[start..end) holds `frames` of them. `from` may be held back when this port is slow. */
  send(from: SwitchPort, buffer: Buffer, start: number, end: number, frames: number): void {
    const statistics = this.statistics;
    if (!statistics.connected || !statistics.link || this.#socket === undefined) return;
    if (this.#stalled) {
      statistics.dropped += frames;
      return;
    }
    const socket = this.#socket;
    socket.write(buffer.subarray(start, end));
    statistics.txFrames += frames;
    statistics.txBytes += end - start - frames * 4;
    if (socket.writableLength > QUEUE_HIGH) this.#holdBack(from);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    this.#release();
  }

  #dial(): void {
    if (this.#closed) return;
    const socket = connect({ path: this.statistics.path });
    const parser = new FrameParser();
    this.#socket = socket;
    socket.on('connect', () => {
      this.statistics.connected = true;
      this.statistics.connects += 1;
      this.#onChange();
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        parser.push(chunk, this.#onRecord);
      } catch {
        this.statistics.malformed += 1;
        socket.destroy();
      } finally {
        this.#onChunkEnd();
      }
    });
    socket.on('drain', () => this.#release());
    // The reason does not matter: the machine is off, restarting or gone, and the next dial will tell.
    socket.on('error', () => {});
    socket.on('close', () => {
      const was = this.statistics.connected;
      this.statistics.connected = false;
      this.#socket = undefined;
      this.#release();
      if (was) this.#onChange();
      if (!this.#closed) this.#timer = setTimeout(() => this.#dial(), REDIAL_AFTER);
    });
  }

  #holdBack(from: SwitchPort): void {
    this.#heldBack.add(from);
    from.#waitingFor.add(this);
    from.#socket?.pause();
    this.#holdTimer ??= setTimeout(() => {
      this.#stalled = this.#socket !== undefined;
      this.#letGo();
    }, HOLD_BACK);
  }

  #release(): void {
    this.#stalled = false;
    this.#letGo();
  }

  #letGo(): void {
    clearTimeout(this.#holdTimer);
    this.#holdTimer = undefined;
    for (const from of this.#heldBack) {
      from.#waitingFor.delete(this);
      if (from.#waitingFor.size === 0) from.#socket?.resume();
    }
    this.#heldBack.clear();
  }
}
