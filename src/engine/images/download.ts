import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bytesText } from '../bytes-text.js';
import { isDiskFull, LabError } from '../errors.js';
import type { EventSink } from '../events.js';
import { type Digest, digestName, digestOf } from './digest.js';
import { type HttpOptions, isUrl, refused, withResponse, withTries } from './http.js';
import { Progress } from './progress.js';

export interface DownloadOptions extends HttpOptions {
  /** http(s) URL or path of a file. */
  source: string;
  digest: Digest;
  /** Where the verified file goes. */
  target: string;
  events: EventSink;
  /** What to call it while it comes; its source where there is no shorter name. */
  title?: string;
}

/**
 * Brings a file here and checks it. A download that was cut goes on where it ended, also in the next session (`<target>.part`).
 * Rejects with LabError DOWNLOAD_FAILED, CHECKSUM_WRONG, SOURCE_MISSING or DISK_FULL.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { source, digest, target, signal } = options;
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.part`;
  try {
    if (isUrl(source)) await withTries(source, signal, () => downloadOnce(options, part));
    else await copyLocal(source, part);
  } catch (error) {
    throw isDiskFull(error) ? diskFull(target) : error;
  }
  const found = await digestOf(digest.algorithm, part, signal);
  if (found === digest.hex) return rename(part, target);
  await rm(part, { force: true });
  throw new LabError({
    code: 'CHECKSUM_WRONG',
    message: `${source} is not what was asked for: its ${digestName(digest.algorithm)} is ${found}, expected was ${digest.hex}. It was thrown away.`,
    remedy: [
      'Check the checksum against its source.',
      'If it is right, the file was damaged on its way or replaced: fetch it again or from elsewhere.',
    ],
  });
}

async function copyLocal(source: string, part: string): Promise<void> {
  try {
    await copyFile(resolve(source), part);
  } catch (error) {
    if (isDiskFull(error)) throw error;
    throw new LabError({
      code: 'SOURCE_MISSING',
      message: `The file ${resolve(source)} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      remedy: ['Check the path. A download begins with http:// or https://.'],
      exitCode: 2,
    });
  }
}

async function downloadOnce(options: DownloadOptions, part: string): Promise<void> {
  const { source, target, events, title = source } = options;
  const have = await stat(part).then(
    ({ size }) => size,
    () => 0,
  );
  const headers = have > 0 ? { Range: `bytes=${have}-` } : {};
  await withResponse(source, headers, options, async (response, onBytes, ended) => {
    // 416: there is nothing after what we have; the checksum tells whether that is the whole file.
    if (response.status === 416) return;
    if (!response.ok || response.body === null) throw refused(source, response);
    const resumed = response.status === 206;
    const start = resumed ? have : 0;
    const length = Number(response.headers.get('content-length')) || undefined;
    const total = length === undefined ? undefined : start + length;
    await requireRoom(target, length ?? 0, resumed ? 0 : have);
    const progress = new Progress(events, `download:${target}`, 'bytes', total, start);
    const label = `Fetch ${title}`;
    let done = start;
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    body.on('data', (chunk: Buffer) => {
      onBytes();
      done += chunk.length;
      progress.update(label, done);
    });
    await pipeline(body, createWriteStream(part, { flags: resumed ? 'a' : 'w' }), { signal: ended });
    if (total !== undefined && done < total) throw new Error(`the connection ended after ${done} of ${total} bytes`);
    progress.finish(label, done);
  });
}

/** Better told now than after ten minutes of download. `freed`: what writing anew gives back. */
async function requireRoom(target: string, bytes: number, freed: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(target));
  const free = bavail * bsize + freed;
  if (free < bytes) throw diskFull(target, `${bytesText(bytes)} are to come, ${bytesText(free)} are free`);
}

function diskFull(target: string, detail = ''): LabError {
  return new LabError({
    code: 'DISK_FULL',
    message: `The disk is full: ${target} could not be written${detail && ` (${detail})`}.`,
    remedy: [
      'Make room and run the command again: what was fetched is kept.',
      'Or set XDG_CACHE_HOME to a directory on another disk.',
    ],
  });
}
