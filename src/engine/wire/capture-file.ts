import { closeSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { isAbort, LabError } from '../errors.js';
import { pcapHeader, putRecordHeader, RECORD_HEADER_BYTES } from '../network/pcap.js';
import { captureFormat, FILE_HEADER, type FrameRef, type FrameSink, PcapParser } from './pcap-parser.js';

const CHUNK = 1024 * 1024;

/** Reads a capture of anybody's, from its beginning to its end. Rejects with LabError when it is none. */
export async function readCaptureFile(file: string, sink: FrameSink, signal?: AbortSignal): Promise<void> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(file, error);
  });
  try {
    const header = Buffer.alloc(FILE_HEADER);
    const { bytesRead } = await handle.read(header, 0, FILE_HEADER, 0);
    const format = captureFormat(header.subarray(0, bytesRead));
    if (typeof format === 'string') throw notACapture(file, format);
    const parser = new PcapParser(format, (await handle.stat()).ino);
    for (;;) {
      signal?.throwIfAborted();
      const { buffer, bytesRead: read } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, parser.end);
      if (read === 0) return;
      parser.push(buffer.subarray(0, read), sink);
    }
  } catch (error) {
    if (error instanceof LabError || isAbort(error)) throw error;
    throw unreadable(file, error as NodeJS.ErrnoException);
  } finally {
    await handle.close();
  }
}

/** Writes frames to a new capture. A file that is there already is never touched. */
export class CaptureFile {
  #parts: Buffer[] = [];
  #bytes = 0;
  frames = 0;

  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
  ) {}

  static create(file: string): CaptureFile {
    try {
      const made = new CaptureFile(file, openSync(file, 'wx', 0o600));
      made.#put(pcapHeader());
      return made;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(file, error as NodeJS.ErrnoException);
      throw new LabError({
        code: 'FILE_EXISTS',
        message: `${file} is there already; it is not overwritten.`,
        remedy: ['Choose another name, or remove the file first.'],
        exitCode: 2,
      });
    }
  }

  /** The frame is copied before this returns. */
  add(frame: Buffer, ref: FrameRef): void {
    const record = Buffer.allocUnsafe(RECORD_HEADER_BYTES + frame.length);
    putRecordHeader(record, 0, ref.time, frame.length, ref.length);
    frame.copy(record, RECORD_HEADER_BYTES);
    this.#put(record);
    this.frames += 1;
    if (this.#bytes > CHUNK) this.#flush();
  }

  close(): void {
    try {
      this.#flush();
    } finally {
      closeSync(this.descriptor);
    }
  }

  #put(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.descriptor, bytes, at);
    } catch (error) {
      throw cannotWrite(this.file, error as NodeJS.ErrnoException);
    }
  }
}

function unreadable(file: string, error: NodeJS.ErrnoException): LabError {
  return new LabError({
    code: 'CAPTURE_UNREADABLE',
    message: `${file} cannot be read (${error.code ?? error.message}).`,
    remedy: ['Check the path.'],
    exitCode: 2,
    cause: error,
  });
}

function notACapture(file: string, why: string): LabError {
  return new LabError({
    code: 'CAPTURE_FORMAT',
    message: `${file} is not a capture that can be read here: ${why}.`,
    remedy: why.includes('pcapng')
      ? [`Turn it into the classic format: editcap -F pcap ${file} new.pcap`]
      : ['Give it a file that tcpdump -w or this program wrote, of Ethernet frames.'],
    exitCode: 2,
  });
}

function cannotWrite(file: string, error: NodeJS.ErrnoException): LabError {
  return new LabError({
    code: 'CAPTURE_UNWRITABLE',
    message: `${file} cannot be written (${error.code ?? error.message}).`,
    remedy: ['Check that its folder is there and may be written to.'],
    exitCode: 2,
    cause: error,
  });
}
