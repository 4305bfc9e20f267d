/** Where a frame lies in a capture, so that its bytes can be fetched again. */
export interface FrameRef {
  /** Inode of the capture; a file that is renamed keeps it. */
  file: number;
  /** Of the frame's first byte. */
  offset: number;
  /** Bytes that were recorded. */
  stored: number;
  /** Length on the wire. */
  length: number;
  /** Microseconds since the epoch. */
  time: number;
}

export interface CaptureFormat {
  littleEndian: boolean;
  /** Times have nanoseconds. */
  nano: boolean;
}

export const FILE_HEADER = 24;
export const RECORD_HEADER = 16;
const LONGEST = 262144;
const ETHERNET = 1;
const DAY = 86400;
/** How many bytes are looked through for a frame after damage before reading goes on later. */
const SEARCH = 256 * 1024;

/** What the first 24 bytes of a file say: a format that is read, or what it is instead. */
export function captureFormat(bytes: Buffer): CaptureFormat | string {
  if (bytes.length < FILE_HEADER) return 'it is too short';
  if (bytes.readUInt32BE(0) === 0x0a0d0d0a) return 'it is a pcapng capture';
  for (const littleEndian of [true, false]) {
    const magic = littleEndian ? bytes.readUInt32LE(0) : bytes.readUInt32BE(0);
    if (magic !== 0xa1b2c3d4 && magic !== 0xa1b23c4d) continue;
    const link = (littleEndian ? bytes.readUInt32LE(20) : bytes.readUInt32BE(20)) & 0x0fffffff;
    return link === ETHERNET ? { littleEndian, nano: magic === 0xa1b23c4d } : `it holds frames of link type ${link}`;
  }
  return 'it does not begin as a capture does';
}

export type FrameSink = (frame: Buffer, ref: FrameRef) => void;

/**
 * Cuts a capture into frames, as its bytes come in any pieces. Damage in the middle is skipped: the next record that makes
 * sense, and after which another one does, is where it goes on.
 */
export class PcapParser {
  #rest: Buffer = Buffer.alloc(0);
  #lastSecond: number | undefined;
  /** Bytes that made no sense. */
  skipped = 0;

  constructor(
    private readonly format: CaptureFormat,
    private readonly file: number,
    /** Offset of the next byte that `push` is given. */
    private offset = FILE_HEADER,
  ) {}

  /** Where the first byte lies that was not handed out as a whole frame yet. */
  get position(): number {
    return this.offset - this.#rest.length;
  }

  /** Where the next bytes are to be read. */
  get end(): number {
    return this.offset;
  }

  push(chunk: Buffer, sink: FrameSink): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const base = this.position;
    this.offset += chunk.length;
    let at = 0;
    while (at + RECORD_HEADER <= bytes.length) {
      if (!this.#plausible(bytes, at)) {
        const next = this.#search(bytes, at + 1);
        this.skipped += next - at;
        at = next;
        continue;
      }
      const stored = this.#number(bytes, at + 8);
      const start = at + RECORD_HEADER;
      if (start + stored > bytes.length) break;
      const second = this.#number(bytes, at);
      const fraction = this.#number(bytes, at + 4);
      const time = second * 1_000_000 + (this.format.nano ? Math.floor(fraction / 1000) : fraction);
      this.#lastSecond = second;
      const length = this.#number(bytes, at + 12);
      sink(bytes.subarray(start, start + stored), { file: this.file, offset: base + start, stored, length, time });
      at = start + stored;
    }
    this.#rest = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }

  /** Goes over whole records without handing them out, as long as they end before `offset`; `bytes` begins at `position`. */
  skip(bytes: Buffer, offset: number): number {
    let at = 0;
    while (at + RECORD_HEADER <= bytes.length && this.#plausible(bytes, at)) {
      const next = at + RECORD_HEADER + this.#number(bytes, at + 8);
      if (next > bytes.length || this.offset + next > offset) break;
      this.#lastSecond = this.#number(bytes, at);
      at = next;
    }
    this.offset += at;
    return at;
  }

  #number(bytes: Buffer, at: number): number {
    return this.format.littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  /** Could a record begin here? Frames are no longer than cards make them, and days do not lie between two of them. */
  #plausible(bytes: Buffer, at: number): boolean {
    const stored = this.#number(bytes, at + 8);
    const length = this.#number(bytes, at + 12);
    if (length === 0 || length > LONGEST || stored > length) return false;
    if (this.#number(bytes, at + 4) >= (this.format.nano ? 1_000_000_000 : 1_000_000)) return false;
    return true;
  }

  #search(bytes: Buffer, from: number): number {
    const end = Math.min(bytes.length - RECORD_HEADER, from + SEARCH);
    for (let at = from; at <= end; at++) {
      if (!this.#plausible(bytes, at) || !this.#near(bytes, at)) continue;
      const next = at + RECORD_HEADER + this.#number(bytes, at + 8);
      if (next === bytes.length) return at;
      if (next + RECORD_HEADER <= bytes.length && this.#plausible(bytes, next) && this.#near(bytes, next)) return at;
    }
    return Math.max(from, end + 1);
  }

  #near(bytes: Buffer, at: number): boolean {
    return this.#lastSecond === undefined || Math.abs(this.#number(bytes, at) - this.#lastSecond) < DAY;
  }
}
