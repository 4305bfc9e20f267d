import { open } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';

const MAX_BYTES = 16 * 1024;
const MAX_LINE = 400;

/** Remembers the end of a stream of bytes, to show its last lines. */
export class LastLines {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  push(chunk: Uint8Array): void {
    const kept = chunk.length > MAX_BYTES ? chunk.subarray(chunk.length - MAX_BYTES) : chunk;
    this.#chunks.push(Uint8Array.prototype.slice.call(kept));
    this.#bytes += kept.length;
    if (this.#bytes > 4 * MAX_BYTES || this.#chunks.length > 1024) {
      const joined = Buffer.concat(this.#chunks);
      this.#chunks = [Buffer.from(joined.subarray(-MAX_BYTES))];
      this.#bytes = Math.min(joined.length, MAX_BYTES);
    }
  }

  lines(count: number): string[] {
    return lastLines(Buffer.concat(this.#chunks), count);
  }
}

/** The last lines of what a terminal got, as plain text: no escape sequences, no control characters, no empty lines. */
export function lastLines(bytes: Uint8Array, count: number): string[] {
  const text = Buffer.from(bytes.subarray(-MAX_BYTES)).toString('utf8');
  const lines: string[] = [];
  for (const raw of stripVTControlCharacters(text).split('\n')) {
    // A carriage return goes back to the beginning: what was written last stands there.
    const shown = raw.split('\r').findLast((part) => part.trim() !== '') ?? '';
    const line = shown
      .replaceAll('\t', '    ')
      .replace(/[\u0000-\u001f\u007f-\u009f]/g, '')
      .trimEnd();
    if (line !== '') lines.push(line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line);
  }
  return lines.slice(-count);
}

/** One line without escape sequences and control characters, for names and messages that a machine made. */
export function plainLine(text: string): string {
  const line = stripVTControlCharacters(text.slice(0, 4 * MAX_LINE)).replaceAll('\t', '    ');
  return line
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '')
    .trimEnd()
    .slice(0, MAX_LINE);
}

/** The last lines of a file; none when it cannot be read. */
export async function lastLinesOfFile(file: string, count: number): Promise<string[]> {
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const length = Math.min(size, MAX_BYTES);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      return lastLines(buffer.subarray(0, bytesRead), count);
    } finally {
      await handle.close();
    }
  } catch {
    return [];
  }
}
