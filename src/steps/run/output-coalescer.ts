/** Most bytes of one stream in one event. */
export const MAX_TEXT = 16 * 1024;
/** Least time between two events of one stream, milliseconds: ten a second. */
export const INTERVAL = 100;

export interface OutputPiece {
  stream: 'stdout' | 'stderr';
  text: string;
  /** Bytes that `text` leaves out. */
  skipped?: number;
}

/**
 * Turns chunks of output into at most ten pieces a second and stream, each with the last 16 KiB of what came since. Never
 * cuts a character in two, and never calls `emit` from within `push`.
 */
export class OutputCoalescer {
  readonly #streams = { stdout: new Pending(), stderr: new Pending() };
  #timer: NodeJS.Timeout | undefined;
  #last = Number.NEGATIVE_INFINITY;
  /** Streams with something to say, in the order in which they began. */
  #waiting: ('stdout' | 'stderr')[] = [];

  constructor(
    private readonly emit: (piece: OutputPiece) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  push(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#streams[stream].push(chunk);
    if (!this.#waiting.includes(stream)) this.#waiting.push(stream);
    this.#timer ??= setTimeout(() => this.#tick(false), Math.max(0, this.#last + INTERVAL - this.now()));
  }

  /** Emits what is left, half characters included. To be called when the output has ended. */
  end(): void {
    clearTimeout(this.#timer);
    this.#tick(true);
  }

  #tick(ended: boolean): void {
    this.#timer = undefined;
    this.#last = this.now();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const stream of waiting) {
      const { text, skipped, rest } = this.#streams[stream].take(ended);
      if (rest) this.#waiting.push(stream);
      if (text !== '' || skipped > 0) this.emit({ stream, text, ...(skipped > 0 ? { skipped } : {}) });
    }
  }
}

class Pending {
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #skipped = 0;

  push(chunk: Uint8Array): void {
    // The sender may use its buffer again; only the tail can ever be shown.
    const kept = chunk.length > MAX_TEXT ? chunk.subarray(chunk.length - MAX_TEXT) : chunk;
    this.#skipped += chunk.length - kept.length;
    this.#chunks.push(Uint8Array.prototype.slice.call(kept));
    this.#bytes += kept.length;
    if (this.#bytes > 4 * MAX_TEXT || this.#chunks.length > 1024) this.#cut();
  }

  take(ended: boolean): { text: string; skipped: number; rest: boolean } {
    const bytes = this.#cut();
    const complete = ended ? bytes.length : bytes.length - unfinished(bytes);
    const skipped = this.#skipped;
    const rest = bytes.subarray(complete);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
    this.#skipped = 0;
    return { text: bytes.toString('utf8', 0, complete), skipped, rest: rest.length > 0 };
  }

  /** Joins the chunks and keeps the tail, from the beginning of a character on. */
  #cut(): Buffer {
    const joined = Buffer.concat(this.#chunks);
    let start = Math.max(0, joined.length - MAX_TEXT);
    if (start > 0 || this.#skipped > 0) {
      const limit = start + 3;
      while (start < limit && ((joined[start] ?? 0) & 0xc0) === 0x80) start += 1;
    }
    const kept = Buffer.from(joined.subarray(start));
    this.#skipped += start;
    this.#chunks = kept.length > 0 ? [kept] : [];
    this.#bytes = kept.length;
    return kept;
  }
}

/** How many bytes at the end begin a character that is not complete yet: 0 to 3. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 && byte < 0xf8 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    return byte < 0xf8 && length > back ? back : 0;
  }
  return 0;
}
