import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Appends all bytes of an action's output to its file. Writes are synchronous: what a process printed is in the file even if
 * this one is killed the next moment, and a flood is held up instead of filling the memory. A file that cannot be written
 * (a full disk) is reported once and does not stop the action.
 */
export class OutputLog {
  #descriptor: number | undefined;

  constructor(
    file: string,
    private readonly onError: (error: Error) => void,
  ) {
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      this.#descriptor = openSync(file, 'a', 0o600);
    } catch (error) {
      onError(error as Error);
    }
  }

  write(chunk: Uint8Array): void {
    if (this.#descriptor === undefined) return;
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(this.#descriptor, chunk, at);
    } catch (error) {
      this.close();
      this.onError(error as Error);
    }
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    try {
      closeSync(descriptor);
    } catch (error) {
      this.onError(error as Error);
    }
  }
}
