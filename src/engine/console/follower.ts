import { type FileHandle, open, stat } from 'node:fs/promises';

const CHUNK = 256 * 1024;

/** Reads what is appended to a file, from an offset on. A file that shrank (a new machine) is read from its start. */
export class FileFollower {
  private handle: FileHandle | undefined;
  private inode = -1;

  constructor(
    private readonly file: string,
    public offset: number,
  ) {}

  /** New bytes since the last call, at most 256 KiB; empty when there are none or the file is not there. */
  async read(): Promise<Buffer> {
    try {
      const size = await this.look();
      if (this.handle === undefined) return Buffer.alloc(0);
      if (size < this.offset) this.offset = 0;
      const length = Math.min(CHUNK, size - this.offset);
      if (length === 0) return Buffer.alloc(0);
      const { bytesRead, buffer } = await this.handle.read(Buffer.allocUnsafe(length), 0, length, this.offset);
      this.offset += bytesRead;
      return buffer.subarray(0, bytesRead);
    } catch {
      await this.close();
      return Buffer.alloc(0);
    }
  }

  async close(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    await handle?.close().catch(() => undefined);
  }

  /** The size of the file that has the name now, which is open after this; one call where nothing changed. */
  private async look(): Promise<number> {
    const seen = await stat(this.file).catch(() => undefined);
    if (seen !== undefined && seen.ino === this.inode && this.handle !== undefined) return seen.size;
    const fresh = seen === undefined ? undefined : await open(this.file, 'r').catch(() => undefined);
    // What was opened may be newer than what was seen.
    const { ino, size } = fresh === undefined ? { ino: -1, size: 0 } : await fresh.stat();
    // The same file may have been closed after a failed read: it goes on where it was.
    if (this.inode !== -1 && ino !== this.inode) this.offset = 0;
    await this.handle?.close();
    this.handle = fresh;
    this.inode = ino;
    return size;
  }
}
