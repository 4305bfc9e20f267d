import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LabEventBody } from '../events.js';
import { download } from './download.js';
import { isUrl } from './http.js';
import { sha256 } from './test-support.js';

const CONTENT = randomBytes(300_000);
let directory: string;
let target: string;
let events: LabEventBody[];
let server: Server | undefined;
/** Range headers of the requests, '' for none. */
let ranges: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'download-'));
  target = join(directory, 'downloads', 'image');
  events = [];
  ranges = [];
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
  server = undefined;
  await rm(directory, { recursive: true, force: true });
});

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Answers the first request by the first function and so on; the last one answers all further requests. */
async function serve(...answers: Answer[]): Promise<string> {
  const made = createServer((request, response) => {
    ranges.push(request.headers.range ?? '');
    answers[Math.min(ranges.length, answers.length) - 1]?.(response, request);
  });
  await new Promise<void>((ready) => made.listen(0, '127.0.0.1', ready));
  server = made;
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}/image.tar`;
}

/** As web servers do it: the whole, or what the range asks for. */
const whole: Answer = (response, request) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start >= CONTENT.length) return response.writeHead(416).end();
  const part = CONTENT.subarray(start);
  return response.writeHead(start > 0 ? 206 : 200, { 'content-length': part.length }).end(part);
};
/** Promises the whole, sends so many bytes and hangs up. */
const cutAfter =
  (bytes: number): Answer =>
  (response) => {
    response.writeHead(200, { 'content-length': CONTENT.length });
    response.write(CONTENT.subarray(0, bytes), () => setTimeout(() => response.destroy(), 200));
  };
const status =
  (code: number): Answer =>
  (response) =>
    response.writeHead(code).end('<h1>no</h1>');

function fetchIt(
  source: string,
  options: { checksum?: string; signal?: AbortSignal; stall?: number } = {},
): Promise<void> {
  const { checksum = sha256(CONTENT), signal, stall } = options;
  return download({
    source,
    digest: { algorithm: 'sha256', hex: checksum },
    target,
    events: { emit: (body) => events.push(body) },
    signal,
    stall,
  });
}
const isThere = async () => (await readFile(target)).equals(CONTENT);
const left = async () => (await readdir(join(directory, 'downloads'))).sort();

describe('a download', () => {
  test('with the right checksum is there as a whole, with its progress told', async () => {
    await fetchIt(await serve(whole));
    expect(await isThere()).toBe(true);
    expect(await left()).toEqual(['image']);
    expect(ranges).toEqual(['']);
    expect(events.at(-1)).toMatchObject({
      type: 'progress',
      unit: 'bytes',
      done: CONTENT.length,
      total: CONTENT.length,
      finished: true,
    });
  });

  test('without a told length works', async () => {
    await fetchIt(
      await serve((response) => {
        response.write(CONTENT.subarray(0, 1000));
        response.end(CONTENT.subarray(1000));
      }),
    );
    expect(await isThere()).toBe(true);
    expect(events.at(-1)).toMatchObject({ done: CONTENT.length, finished: true });
  });

  test('with a wrong checksum is thrown away, and both checksums are named', async () => {
    const checksum = '0'.repeat(64);
    const source = await serve(whole);
    const error = await fetchIt(source, { checksum }).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'CHECKSUM_WRONG' });
    expect(error.message).toContain(checksum);
    expect(error.message).toContain(sha256(CONTENT));
    expect(error.message).toContain(source);
    expect(await left()).toEqual([]);
  });

  test('is not packed on its way: lengths and places would be those of other bytes', async () => {
    const source = await serve((response, request) => {
      if (!/gzip/.test(String(request.headers['accept-encoding']))) return whole(response, request);
      const packed = gzipSync(CONTENT);
      return response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed);
    });
    await fetchIt(source);
    expect(await isThere()).toBe(true);
    expect(events.at(-1)).toMatchObject({ total: CONTENT.length });
  });
});

describe('a cut connection', () => {
  test('goes on where it ended', async () => {
    await fetchIt(await serve(cutAfter(100_000), whole));
    expect(ranges[0]).toBe('');
    expect(ranges[1]).toBe('bytes=100000-');
    expect(ranges).toHaveLength(2);
    expect(await isThere()).toBe(true);
    expect(events.at(-1)).toMatchObject({ done: CONTENT.length, total: CONTENT.length, finished: true });
  });

  test('begins anew where the server knows no ranges', async () => {
    const noRanges: Answer = (response) => response.writeHead(200, { 'content-length': CONTENT.length }).end(CONTENT);
    await fetchIt(await serve(cutAfter(100_000), noRanges));
    expect(ranges).toHaveLength(2);
    expect(await isThere()).toBe(true);
  });

  test('goes on in the next session, also when all of it was there already', async () => {
    await mkdir(join(directory, 'downloads'));
    await writeFile(`${target}.part`, CONTENT.subarray(0, 250_000));
    const source = await serve(whole);
    await fetchIt(source);
    expect(ranges).toEqual(['bytes=250000-']);
    expect(await isThere()).toBe(true);
    await rm(target);
    await writeFile(`${target}.part`, CONTENT);
    await fetchIt(source);
    expect(ranges.at(-1)).toBe('bytes=300000-');
    expect(await isThere()).toBe(true);
  });

  test('whose first part was damaged is thrown away, so that the next try begins anew', async () => {
    await mkdir(join(directory, 'downloads'));
    await writeFile(`${target}.part`, randomBytes(1000));
    const source = await serve(whole);
    await expect(fetchIt(source)).rejects.toMatchObject({ code: 'CHECKSUM_WRONG' });
    await fetchIt(source);
    expect(ranges).toEqual(['bytes=1000-', '']);
    expect(await isThere()).toBe(true);
  });

  test('is given up after four tries, and what came is kept', async () => {
    const hangUp: Answer = (response, request) => {
      const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
      response.writeHead(start > 0 ? 206 : 200, { 'content-length': CONTENT.length - start });
      response.write(CONTENT.subarray(start, start + 1000), () => setTimeout(() => response.destroy(), 200));
    };
    const source = await serve(hangUp);
    const started = Date.now();
    await expect(fetchIt(source)).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: expect.stringContaining(`${source} could not be fetched in 4 tries`),
    });
    expect(ranges).toEqual(['', 'bytes=1000-', 'bytes=2000-', 'bytes=3000-']);
    expect((await stat(`${target}.part`)).size).toBe(4000);
    // Between the tries 0.5, 1 and 2 seconds; none after the last.
    expect(Date.now() - started).toBeLessThan(6500);
  });
});

describe('a server that falls silent', () => {
  const silentAfter =
    (bytes: number): Answer =>
    (response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, bytes));
    };

  test('is asked again, from where it fell silent', async () => {
    await fetchIt(await serve(silentAfter(100_000), whole), { stall: 300 });
    expect(ranges).toEqual(['', 'bytes=100000-']);
    expect(await isThere()).toBe(true);
  });

  test('or never says anything is given up, and the reason is told', async () => {
    const source = await serve(() => undefined);
    await expect(fetchIt(source, { stall: 200 })).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: expect.stringContaining('nothing came for 0 seconds'),
    });
    expect(ranges).toHaveLength(4);
  });

  test('is not what is merely slow', async () => {
    const source = await serve((response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      let sent = 0;
      const timer = setInterval(() => {
        response.write(CONTENT.subarray(sent, sent + 20_000));
        sent += 20_000;
        if (sent >= CONTENT.length) clearInterval(timer);
      }, 100);
    });
    await fetchIt(source, { stall: 600 });
    expect(ranges).toEqual(['']);
    expect(await isThere()).toBe(true);
  });
});

describe('a full disk', () => {
  test('is told with what to do', async () => {
    await mkdir(join(directory, 'downloads'));
    await symlink('/dev/full', `${target}.part`);
    await expect(fetchIt(await serve(whole))).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: `The disk is full: ${target} could not be written.`,
    });
    expect(ranges).toHaveLength(1);
  });

  test('is foreseen where the length is told', async () => {
    const source = await serve((response) => response.writeHead(200, { 'content-length': 2 ** 52 }).write('x'));
    await expect(fetchIt(source)).rejects.toMatchObject({ code: 'DISK_FULL', message: /are to come, .* are free/ });
    expect(await left()).toEqual([]);
  });
});

describe('what cannot be had', () => {
  test.each([404, 403, 500])('a server that says %i is named at once, with its answer', async (code) => {
    const source = await serve(status(code));
    await expect(fetchIt(source)).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: expect.stringMatching(new RegExp(`^${source} was refused by its server: ${code} \\w+`)),
    });
    expect(ranges).toHaveLength(1);
    expect(await left()).toEqual([]);
  });

  test('an abort ends a download that stalls, and keeps what came', async () => {
    const source = await serve((response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 5000));
    });
    const stop = new AbortController();
    const going = fetchIt(source, { signal: stop.signal });
    await expect
      .poll(
        () =>
          stat(`${target}.part`).then(
            ({ size }) => size,
            () => 0,
          ),
        { timeout: 5000 },
      )
      .toBe(5000);
    stop.abort(new DOMException('cancelled', 'AbortError'));
    await expect(going).rejects.toMatchObject({ name: 'AbortError' });
    expect((await stat(`${target}.part`)).size).toBe(5000);
  });

  test('an abort between two tries ends the wait', async () => {
    const source = await serve(cutAfter(0));
    const stop = new AbortController();
    const going = fetchIt(source, { signal: stop.signal });
    await expect.poll(() => ranges.length, { timeout: 5000 }).toBe(3);
    // The wait before the fourth try is two seconds.
    await new Promise((wake) => setTimeout(wake, 200));
    const aborted = Date.now();
    stop.abort(new DOMException('cancelled', 'AbortError'));
    await expect(going).rejects.toMatchObject({ name: 'AbortError', message: 'cancelled' });
    expect(Date.now() - aborted).toBeLessThan(1000);
  });
});

describe('a file', () => {
  test('is copied and checked', async () => {
    const file = join(directory, 'image.tar');
    await writeFile(file, CONTENT);
    await fetchIt(file);
    expect(await isThere()).toBe(true);
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
    await expect(fetchIt(file, { checksum: '1'.repeat(64) })).rejects.toMatchObject({ code: 'CHECKSUM_WRONG' });
  });

  test('that is missing or a folder is a usage error with its whole path', async () => {
    const missing = join(directory, 'nowhere.tar');
    await expect(fetchIt(missing)).rejects.toMatchObject({
      code: 'SOURCE_MISSING',
      exitCode: 2,
      message: `The file ${missing} cannot be read (ENOENT).`,
    });
    await expect(fetchIt(directory)).rejects.toMatchObject({ code: 'SOURCE_MISSING', exitCode: 2 });
  });

  test('is told from an address', () => {
    expect(['http://a/b', 'HTTPS://a/b'].map(isUrl)).toEqual([true, true]);
    expect(['ftp://a/b', './http', 'https:/a', '/tmp/x'].map(isUrl)).toEqual([false, false, false, false]);
  });
});
