import { type FileHandle, open, stat } from 'node:fs/promises';
import { captureFormat, FILE_HEADER, type FrameRef, type FrameSink, PcapParser, RECORD_HEADER } from './pcap-parser.js';

const CHUNK = 256 * 1024;

interface Opened {
  handle: FileHandle;
  inode: number;
  parser: PcapParser | undefined;
}

/**
 * Reads the frames of a capture that grows, and of `<file>.1`, which it becomes when it is full. It goes on over a rotation, a file
 * that was replaced or cut, and damage; what is half written is read when it is whole.
 */
export class WireFollower {
  #opened: Opened | undefined;
  /** The capture that was read before: as long as it is open, no other file gets its inode. */
  #before: Opened | undefined;
  /** How often captures came and went faster than they were read, so that frames are missing. */
  missed = 0;

  constructor(private readonly file: string) {}

  /** Hands out the frames of at most `most` bytes that are new; resolves with the number of bytes read, 0 when there are none. */
  async read(sink: FrameSink, most = CHUNK): Promise<number> {
    try {
      for (;;) {
        this.#opened ??= (await openFile(this.#older)) ?? (await openFile(this.file));
        if (this.#opened === undefined) return 0;
        const bytes = await readOn(this.#opened, sink, most);
        if (bytes > 0 || !(await this.#moveOn(this.#opened))) return bytes;
      }
    } catch {
      // What was read from stays open in vain; the next look begins with what has the name then.
      await this.close();
      return 0;
    }
  }

  /** Leaves out what lies more than `bytes` before the end. To be called before anything is read. */
  async skipToLast(bytes: number): Promise<void> {
    const [older, newer] = await Promise.all([sizeOf(this.#older), sizeOf(this.file)]);
    let left = older + newer - bytes;
    if (left <= 0) return;
    const fromNewer = left >= older;
    if (fromNewer) left -= older;
    const opened = await openFile(fromNewer ? this.file : this.#older);
    if (opened === undefined) return;
    this.#opened = opened;
    const buffer = Buffer.allocUnsafe(4 * CHUNK);
    for (;;) {
      await begin(opened);
      if (opened.parser === undefined) return;
      const { bytesRead } = await opened.handle.read(buffer, 0, buffer.length, opened.parser.end);
      if (opened.parser.skip(buffer.subarray(0, bytesRead), left) === 0) return;
    }
  }

  async close(): Promise<void> {
    const all = [this.#opened, this.#before];
    this.#opened = undefined;
    this.#before = undefined;
    for (const opened of all) await opened?.handle.close().catch(() => undefined);
  }

  get #older(): string {
    return `${this.file}.1`;
  }

  /** Opens the capture that came after one that was read to its end. */
  async #moveOn(opened: Opened): Promise<boolean> {
    const newest = await inodeOf(this.file);
    if (newest === undefined || newest === opened.inode) return false;
    const older = await inodeOf(this.#older);
    const skipped = older !== undefined && older !== opened.inode && older !== this.#before?.inode;
    if (skipped) this.missed += 1;
    const next = await openFile(skipped ? this.#older : this.file);
    if (next === undefined) return false;
    if (next.inode === opened.inode) {
      await next.handle.close();
      return false;
    }
    await this.#before?.handle.close();
    this.#before = opened;
    this.#opened = next;
    return true;
  }
}

/** Reads all that was recorded, the older file first. */
export async function readRecording(file: string, sink: FrameSink): Promise<void> {
  const follower = new WireFollower(file);
  while ((await follower.read(sink, 4 * CHUNK)) > 0);
  await follower.close();
}

/** The bytes of a frame, from the capture or what became of it; undefined when it is not there any more. */
export async function readFrame(file: string, ref: FrameRef): Promise<Buffer | undefined> {
  for (const path of [file, `${file}.1`]) {
    const opened = await openFile(path);
    if (opened === undefined) continue;
    try {
      if (opened.inode !== ref.file) continue;
      const length = RECORD_HEADER + ref.stored;
      const { buffer, bytesRead } = await opened.handle.read(
        Buffer.alloc(length),
        0,
        length,
        ref.offset - RECORD_HEADER,
      );
      // Another file may have got the inode since.
      const second = Math.floor(ref.time / 1_000_000);
      if (bytesRead < length || (buffer.readUInt32LE(0) !== second && buffer.readUInt32BE(0) !== second)) continue;
      return buffer.subarray(RECORD_HEADER);
    } catch {
      // As if it were gone.
    } finally {
      await opened.handle.close();
    }
  }
  return undefined;
}

async function readOn(opened: Opened, sink: FrameSink, most: number): Promise<number> {
  const { size } = await opened.handle.stat();
  // The same file was written anew.
  if (opened.parser !== undefined && size < opened.parser.end) opened.parser = undefined;
  await begin(opened);
  const { parser } = opened;
  if (parser === undefined || size <= parser.end) return 0;
  const length = Math.min(most, size - parser.end);
  const { buffer, bytesRead } = await opened.handle.read(Buffer.allocUnsafe(length), 0, length, parser.end);
  parser.push(buffer.subarray(0, bytesRead), sink);
  return bytesRead;
}

/** Reads the header, once it is there. */
async function begin(opened: Opened): Promise<void> {
  if (opened.parser !== undefined) return;
  const header = Buffer.alloc(FILE_HEADER);
  const { bytesRead } = await opened.handle.read(header, 0, FILE_HEADER, 0);
  const format = captureFormat(header.subarray(0, bytesRead));
  if (typeof format !== 'string') opened.parser = new PcapParser(format, opened.inode);
}

async function openFile(path: string): Promise<Opened | undefined> {
  const handle = await open(path, 'r').catch(() => undefined);
  return handle === undefined ? undefined : { handle, inode: (await handle.stat()).ino, parser: undefined };
}

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
const inodeOf = (path: string) =>
  stat(path).then(
    ({ ino }) => ino,
    () => undefined,
  );
