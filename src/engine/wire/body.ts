/** Bodies that are read are short; of longer ones only this much is kept. */
const LONGEST = 16 * 1024;

/** The body of a message that is read, as it comes in segments, in whatever order. What does not come stays zero. */
export class Body {
  #bytes = Buffer.alloc(0);

  /** `start`: where it begins in the stream; `length`: undefined when only its end will tell. */
  constructor(
    private readonly start: number,
    private readonly length: number | undefined,
    private readonly chunked: boolean,
  ) {}

  /** Puts in what was recorded of a segment that begins at `seq`; false: that is not of this body. */
  put(bytes: Buffer, seq: number): boolean {
    const at = seq - this.start;
    if (at + bytes.length <= 0 || at >= (this.length ?? Number.POSITIVE_INFINITY)) return false;
    const most = Math.min(this.length ?? LONGEST, LONGEST);
    const piece = at < 0 ? bytes.subarray(-at) : bytes;
    const to = Math.max(0, at);
    const end = Math.min(to + piece.length, most);
    if (end <= to) return true;
    if (end > this.#bytes.length) {
      const longer = Buffer.alloc(Math.min(most, Math.max(end, 2 * this.#bytes.length)));
      this.#bytes.copy(longer);
      this.#bytes = longer;
    }
    piece.copy(this.#bytes, to, 0, end - to);
    return true;
  }

  /** Is all of it there? Texts have no zero bytes: where there is one, something is missing. */
  get isWhole(): boolean {
    if (this.chunked) return this.#bytes.includes('\r\n0\r\n\r\n');
    return this.length !== undefined && this.#bytes.length >= this.length && !this.#bytes.includes(0);
  }

  get bytes(): Buffer {
    return this.chunked ? withoutChunks(this.#bytes) : this.#bytes;
  }
}

/** What chunks carry; where their sizes cannot be read, the rest as it is. */
function withoutChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const size = /^([\da-fA-F]{1,6})(?:;[^\r\n]{0,64})?\r\n/.exec(bytes.toString('latin1', at, at + 80));
    if (size === null) {
      parts.push(bytes.subarray(at));
      break;
    }
    const from = at + size[0].length;
    const length = Number.parseInt(size[1] as string, 16);
    if (length === 0) break;
    parts.push(bytes.subarray(from, from + length));
    at = from + length + 2;
  }
  return Buffer.concat(parts);
}
