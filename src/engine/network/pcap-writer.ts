import { closeSync, ftruncateSync, openSync, readFileSync, renameSync, write, writeSync } from 'node:fs';
import { isTelling } from './is-telling.js';
import { PCAP_HEADER_BYTES, pcapHeader, putRecordHeader, RECORD_HEADER_BYTES, wholePcapLength } from './pcap.js';

const BUFFER_BYTES = 1024 * 1024;
const FLUSH_AT = BUFFER_BYTES / 2;
const FLUSH_AFTER = 100;
/**
 * Frames are stored whole up to this many bytes a second, beyond that their first 128: downloads would fill the disk, and push the boots
 * of a lesson's beginning out of the capture before its end.
 */
const WHOLE_BYTES_PER_SECOND = 256 * 1024;
const BULK_SNAP = 128;
/** Frames that tell what goes on are stored up to this length even then, as many bytes a second of them. */
const TELLING_SNAP = 2048;
const TELLING_BYTES_PER_SECOND = 1024 * 1024;

export interface PcapWriterOptions {
  file: string;
  /** Beyond this many bytes the file becomes `<file>.1` (replacing an older one) and a new one is begun. */
  limit: number;
}

/**
 * Records frames without holding up whoever forwards them: a frame costs one copy, the file is written behind. Readers see
 * frames within 100 ms. An existing capture is continued; a half-written end (kill -9) is cut off first.
 */
export class PcapWriter {
  readonly #file: string;
  readonly #limit: number;
  #fd: number;
  #size: number;
  #filling: Buffer<ArrayBuffer> = Buffer.allocUnsafe(BUFFER_BYTES);
  #spare: Buffer<ArrayBuffer> | undefined = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #timer: NodeJS.Timeout | undefined;
  #second = 0;
  #wholeLeft = 0;
  #tellingLeft = 0;
  #idle: (() => void)[] = [];
  /** Frames that were not recorded because the disk did not keep up or failed. */
  missed = 0;

  constructor(options: PcapWriterOptions) {
    this.#file = options.file;
    this.#limit = options.limit;
    [this.#fd, this.#size] = openCapture(options.file);
  }

  /** Records buffer[start..end); `time` in microseconds since the epoch. */
  record(buffer: Buffer, start: number, end: number, time: number): void {
    const length = end - start;
    const stored = this.#storedLength(buffer, start, length, time);
    const total = RECORD_HEADER_BYTES + stored;
    if (this.#used + total > BUFFER_BYTES) this.#flush();
    if (this.#used + total > BUFFER_BYTES) {
      this.missed += 1;
      return;
    }
    putRecordHeader(this.#filling, this.#used, time, stored, length);
    buffer.copy(this.#filling, this.#used + RECORD_HEADER_BYTES, start, start + stored);
    this.#used += total;
    if (this.#used >= FLUSH_AT) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER);
  }

  /** Resolves when everything recorded so far is in the file. */
  async flush(): Promise<void> {
    while (this.#used > 0 || this.#spare === undefined) {
      this.#flush();
      if (this.#spare === undefined) await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    closeSync(this.#fd);
  }

  #storedLength(buffer: Buffer, start: number, length: number, time: number): number {
    const second = Math.floor(time / 1_000_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#wholeLeft = WHOLE_BYTES_PER_SECOND;
      this.#tellingLeft = TELLING_BYTES_PER_SECOND;
    }
    if (length <= this.#wholeLeft) {
      this.#wholeLeft -= length;
      return length;
    }
    if (length > BULK_SNAP && this.#tellingLeft > 0 && isTelling(buffer, start, start + length)) {
      this.#tellingLeft -= length;
      return Math.min(length, TELLING_SNAP);
    }
    return Math.min(length, BULK_SNAP);
  }

  #flush(): void {
    if (this.#spare === undefined || this.#used === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#size + this.#used > this.#limit && this.#size > PCAP_HEADER_BYTES) this.#rotate();
    const full = this.#filling;
    const bytes = this.#used;
    this.#filling = this.#spare;
    this.#spare = undefined;
    this.#used = 0;
    write(this.#fd, full, 0, bytes, this.#size, (error, written) => {
      // A full disk must not stop the network; what was half written is overwritten by the next attempt.
      if (error || written < bytes) this.missed += 1;
      else this.#size += bytes;
      this.#spare = full;
      if (this.#used >= FLUSH_AT) this.#flush();
      else if (this.#used > 0) this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER);
      for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  #rotate(): void {
    try {
      renameSync(this.#file, `${this.#file}.1`);
      const old = this.#fd;
      [this.#fd, this.#size] = openCapture(this.#file);
      closeSync(old);
    } catch {
      this.missed += 1;
    }
  }
}

function openCapture(file: string): [fd: number, size: number] {
  let size = 0;
  try {
    size = wholePcapLength(readFileSync(file));
  } catch {
    // There is none yet.
  }
  const fd = openSync(file, size === 0 ? 'w' : 'r+', 0o600);
  if (size === 0) {
    const header = pcapHeader();
    writeSync(fd, header, 0, header.length, 0);
    return [fd, header.length];
  }
  ftruncateSync(fd, size);
  return [fd, size];
}
