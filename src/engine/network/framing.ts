/** QEMU's stream framing: the length as 32-bit big-endian, then the Ethernet frame. */
export const HEADER_BYTES = 4;
/** QEMU's own limit (NET_BUFSIZE): a longer length means that the stream is out of step and cannot be trusted any more. */
export const MAX_FRAME_BYTES = 4096 + 65536;

/** Sees buffer[start..end): one whole record, header included, so that it can be passed on without copying. */
export type RecordSink = (buffer: Buffer, start: number, end: number) => void;

export class FramingError extends Error {
  constructor(length: number) {
    super(`a frame of ${length} bytes was announced, the limit is ${MAX_FRAME_BYTES}`);
    this.name = 'FramingError';
  }
}

/**
 * Cuts a byte stream into records. Records that lie within one chunk are handed on in place; only one that spans chunks is
 * assembled in a buffer of its own.
 */
export class FrameParser {
  #partial: Buffer = Buffer.alloc(0);
  #have = 0;
  /** Bytes of the unfinished record, or 0 while its header is incomplete. */
  #need = 0;

  /** Bytes of an unfinished record that are held. */
  get pending(): number {
    return this.#have;
  }

  /** Throws FramingError for an impossible length; the parser must not be used after that. */
  push(chunk: Buffer, sink: RecordSink): void {
    let at = this.#have === 0 ? 0 : this.#finishPartial(chunk, sink);
    const size = chunk.length;
    while (size - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + frameLength(chunk, at);
      if (end > size) break;
      sink(chunk, at, end);
      at = end;
    }
    if (at < size) this.#startPartial(chunk, at);
  }

  #startPartial(chunk: Buffer, at: number): void {
    const rest = chunk.length - at;
    this.#need = rest < HEADER_BYTES ? 0 : HEADER_BYTES + frameLength(chunk, at);
    this.#partial = Buffer.allocUnsafe(this.#need || HEADER_BYTES);
    chunk.copy(this.#partial, 0, at);
    this.#have = rest;
  }

  /** Fills up the held record; returns how much of `chunk` that took. */
  #finishPartial(chunk: Buffer, sink: RecordSink): number {
    let at = 0;
    if (this.#need === 0) {
      at = this.#fill(chunk, 0, HEADER_BYTES);
      if (this.#have < HEADER_BYTES) return at;
      this.#need = HEADER_BYTES + frameLength(this.#partial, 0);
      const whole = Buffer.allocUnsafe(this.#need);
      this.#partial.copy(whole, 0, 0, HEADER_BYTES);
      this.#partial = whole;
    }
    at += this.#fill(chunk, at, this.#need);
    if (this.#have < this.#need) return at;
    const record = this.#partial;
    this.#have = 0;
    sink(record, 0, this.#need);
    return at;
  }

  #fill(chunk: Buffer, at: number, target: number): number {
    const taken = Math.min(target - this.#have, chunk.length - at);
    chunk.copy(this.#partial, this.#have, at, at + taken);
    this.#have += taken;
    return taken;
  }
}

function frameLength(buffer: Buffer, at: number): number {
  const length = buffer.readUInt32BE(at);
  if (length > MAX_FRAME_BYTES) throw new FramingError(length);
  return length;
}

/** One record for a frame. */
export function encodeFrame(frame: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(HEADER_BYTES + frame.length);
  record.writeUInt32BE(frame.length, 0);
  record.set(frame, HEADER_BYTES);
  return record;
}
