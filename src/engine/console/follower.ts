import { type FileHandle, open } from 'node:fs/promises';

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
      await this.reopenIfReplaced();
      if (this.handle === undefined) return Buffer.alloc(0);
      const { size } = await this.handle.stat();
      if (size < this.offset) this.offset = 0;
      const length = Math.min(CHUNK, size - this.offset);
      if (length === 0) return Buffer.alloc(0);
      const { bytesRead, buffer } = await this.handle.read(Buffer.alloc(length), 0, length, this.offset);
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

  private async reopenIfReplaced(): Promise<void> {
    const fresh = await open(this.file, 'r').catch(() => undefined);
    const inode = fresh === undefined ? -1 : (await fresh.stat()).ino;
    if (inode === this.inode && this.handle !== undefined) {
      await fresh?.close();
      return;
    }
    // The same file may have been closed after a failed read: it goes on where it was.
    if (this.inode !== -1 && inode !== this.inode) this.offset = 0;
    await this.handle?.close();
    this.handle = fresh;
    this.inode = inode;
  }
}
