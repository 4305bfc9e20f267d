/** Keeps the last `limit` bytes of a stream without ever holding much more. */
export class TailBuffer {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // Join rarely: a chatty program may send millions of tiny chunks.
    if (this.#bytes > this.#limit * 2 || this.#chunks.length > 4096) this.#compact();
  }

  /** UTF-8, invalid bytes replaced; a character cut in half at the front is dropped. */
  toString(): string {
    this.#compact();
    const bytes = this.#chunks[0];
    if (bytes === undefined) return '';
    let start = 0;
    if (bytes.length === this.#limit) while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
    return bytes.toString('utf8', start);
  }

  #compact(): void {
    if (this.#chunks.length === 0) return;
    const joined = Buffer.concat(this.#chunks);
    const kept = joined.length > this.#limit ? Buffer.from(joined.subarray(joined.length - this.#limit)) : joined;
    this.#chunks = [kept];
    this.#bytes = kept.length;
  }
}
