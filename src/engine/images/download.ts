import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../errors.js';
import type { EventSink } from '../events.js';
import { sha256File } from './manifest.js';
import { Progress } from './progress.js';

const TRIES = 4;

export interface DownloadOptions {
  /** http(s) URL or path of a file. */
  source: string;
  sha256: string;
  /** Where the verified file goes. */
  target: string;
  events: EventSink;
  signal?: AbortSignal | undefined;
}

/**
 * Brings a file here and checks it. A download that was cut goes on where it ended, also in the next session (`<target>.part`).
 * Rejects with LabError DOWNLOAD_FAILED, CHECKSUM_WRONG, SOURCE_MISSING or DISK_FULL.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { source, sha256, target, signal } = options;
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.part`;
  try {
    if (isUrl(source)) await downloadUrl(options, part);
    else await copyLocal(source, part);
  } catch (error) {
    throw diskFull(error, target) ?? error;
  }
  const found = await sha256File(part, signal);
  if (found === sha256) return rename(part, target);
  await rm(part, { force: true });
  throw new LabError({
    code: 'CHECKSUM_WRONG',
    message: `${source} is not what was asked for: its SHA-256 is ${found}, expected was ${sha256}. It was thrown away.`,
    remedy: [
      'Check the checksum against its source.',
      'If it is right, the file was damaged on its way or replaced: fetch it again or from elsewhere.',
    ],
  });
}

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

async function copyLocal(source: string, part: string): Promise<void> {
  try {
    await copyFile(resolve(source), part);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    throw new LabError({
      code: 'SOURCE_MISSING',
      message: `The file ${resolve(source)} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      remedy: ['Check the path. A download begins with http:// or https://.'],
      exitCode: 2,
    });
  }
}

async function downloadUrl(options: DownloadOptions, part: string): Promise<void> {
  let lastError: unknown;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      return await downloadOnce(options, part);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof LabError || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
      lastError = error;
    }
    if (attempt < TRIES - 1) await pause(500 * 2 ** attempt, options.signal);
  }
  throw new LabError({
    code: 'DOWNLOAD_FAILED',
    message: `${options.source} could not be fetched in ${TRIES} tries: ${reason(lastError)}`,
    remedy: ['Check the network and run the command again: it goes on where it ended.'],
  });
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, { ...(signal && { signal }) }).catch(() => undefined);
  signal?.throwIfAborted();
}

async function downloadOnce({ source, target, events, signal }: DownloadOptions, part: string): Promise<void> {
  const have = await stat(part).then(
    ({ size }) => size,
    () => 0,
  );
  const response = await fetch(source, {
    // Packed on its way, it would have another length, and a range would mean other bytes.
    headers: { 'Accept-Encoding': 'identity', ...(have > 0 && { Range: `bytes=${have}-` }) },
    ...(signal && { signal }),
  });
  // 416: there is nothing after what we have; the checksum tells whether that is the whole file.
  if (response.status === 416) return;
  if (!response.ok || response.body === null) {
    throw new LabError({
      code: 'DOWNLOAD_FAILED',
      message: `${source} was refused by its server: ${response.status} ${response.statusText}.`,
      remedy: ['Check the address.'],
    });
  }
  const resumed = response.status === 206;
  const start = resumed ? have : 0;
  const length = Number(response.headers.get('content-length')) || undefined;
  const total = length === undefined ? undefined : start + length;
  const progress = new Progress(events, `download:${target}`, 'bytes', total, start);
  const label = `Fetch ${source}`;
  let done = start;
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  body.on('data', (chunk: Buffer) => {
    done += chunk.length;
    progress.update(label, done);
  });
  await pipeline(body, createWriteStream(part, { flags: resumed ? 'a' : 'w' }), { ...(signal && { signal }) });
  if (total !== undefined && done < total) throw new Error(`the connection ended after ${done} of ${total} bytes`);
  progress.finish(label, done);
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function diskFull(error: unknown, target: string): LabError | undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') return undefined;
  return new LabError({
    code: 'DISK_FULL',
    message: `The disk is full: ${target} could not be written.`,
    remedy: [
      'Make room and run the command again: what was fetched is kept.',
      'Or set XDG_CACHE_HOME to a directory on another disk.',
    ],
  });
}
