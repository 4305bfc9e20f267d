import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pcapHeader, readPcap } from '../network/pcap.js';
import { readFrame, WireFollower } from './follower.js';
import { captureFormat, FILE_HEADER, type FrameRef, PcapParser } from './pcap-parser.js';
import { capture, fixture, recorded } from './test-support.js';

let directory: string;
let file: string;
let follower: WireFollower;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lab-wire-'));
  file = join(directory, 'wire.pcap');
  follower = new WireFollower(file);
});
afterEach(async () => {
  await follower.close();
  rmSync(directory, { recursive: true, force: true });
});

const frame = (text: string) => Buffer.from(text.padEnd(20, '.'));
const records = (...texts: string[]) => capture(texts.map(frame)).subarray(FILE_HEADER);

/** Texts of all frames that are new. */
async function news(): Promise<string[]> {
  const found: string[] = [];
  while ((await follower.read((bytes) => found.push(bytes.toString().replaceAll('.', '')))) > 0);
  return found;
}

describe('following a capture', () => {
  test('reads what comes, once, and a half-written record when it is whole', async () => {
    expect(await news()).toEqual([]);
    writeFileSync(file, capture([frame('one')]));
    expect(await news()).toEqual(['one']);
    const more = records('two', 'three');
    appendFileSync(file, more.subarray(0, 50));
    expect(await news()).toEqual(['two']);
    appendFileSync(file, more.subarray(50));
    expect(await news()).toEqual(['three']);
    expect(await news()).toEqual([]);
  });

  test('begins with the older file, and goes on over rotations', async () => {
    writeFileSync(`${file}.1`, capture([frame('zero')]));
    writeFileSync(file, capture([frame('one')]));
    expect(await news()).toEqual(['zero', 'one']);
    appendFileSync(file, records('two'));
    renameSync(file, `${file}.1`);
    writeFileSync(file, capture([frame('three')]));
    expect(await news()).toEqual(['two', 'three']);
    expect(follower.missed).toBe(0);
    // Twice at once: what was in between is still in the older file.
    renameSync(file, `${file}.1`);
    writeFileSync(file, capture([frame('four')]));
    renameSync(file, `${file}.1`);
    writeFileSync(file, capture([frame('five')]));
    expect(await news()).toEqual(['four', 'five']);
    expect(follower.missed).toBe(1);
  });

  test('goes on with a file that takes the place, that is cut, or written anew', async () => {
    writeFileSync(file, capture([frame('one'), frame('two')]));
    expect(await news()).toEqual(['one', 'two']);
    rmSync(file);
    expect(await news()).toEqual([]);
    writeFileSync(file, capture([frame('three')]));
    expect(await news()).toEqual(['three']);
    truncateSync(file, 0);
    expect(await news()).toEqual([]);
    writeFileSync(file, capture([frame('4')]));
    expect(await news()).toEqual(['4']);
  });

  test('waits while there is no capture in the file', async () => {
    writeFileSync(file, 'this is no capture, but it is long enough to be one');
    expect(await news()).toEqual([]);
    writeFileSync(file, capture([frame('one')]));
    expect(await news()).toEqual(['one']);
  });

  test('can leave out the beginning', async () => {
    writeFileSync(`${file}.1`, capture(['a', 'b', 'c'].map(frame)));
    writeFileSync(file, capture(['d', 'e', 'f'].map(frame)));
    await follower.skipToLast(72);
    expect(await news()).toEqual(['e', 'f']);
    const other = new WireFollower(file);
    await other.skipToLast(168);
    const found: string[] = [];
    while ((await other.read((bytes) => found.push(bytes.toString().replaceAll('.', '')))) > 0);
    await other.close();
    expect(found).toEqual(['c', 'd', 'e', 'f']);
  });

  test('fetches bytes again, also after the file was renamed; not from another one', async () => {
    writeFileSync(file, capture([frame('one'), frame('two')]));
    const refs: FrameRef[] = [];
    await follower.read((_bytes, ref) => refs.push(ref));
    const [, ref] = refs as [FrameRef, FrameRef];
    expect((await readFrame(file, ref))?.toString()).toContain('two');
    renameSync(file, `${file}.1`);
    writeFileSync(file, capture([frame('other')]));
    expect((await readFrame(file, ref))?.toString()).toContain('two');
    rmSync(`${file}.1`);
    expect(await readFrame(file, { ...ref, file: ref.file + 1_000_000 })).toBeUndefined();
  });
});

describe('a capture in pieces', () => {
  const bytes = readFileSync(fixture('boot.pcap'));
  const whole = recorded('boot.pcap');

  function parse(body: Buffer, cuts: readonly number[]): { frames: Buffer[]; parser: PcapParser } {
    const parser = new PcapParser({ littleEndian: true, nano: false }, 1);
    const frames: Buffer[] = [];
    let at = 0;
    for (const cut of [...cuts.toSorted((a, b) => a - b), body.length]) {
      parser.push(body.subarray(at, Math.max(at, cut)), (each) => frames.push(Buffer.from(each)));
      at = Math.max(at, cut);
    }
    return { frames, parser };
  }

  test('gives the same frames, however it is cut', () => {
    const body = bytes.subarray(FILE_HEADER);
    fc.assert(
      fc.property(fc.array(fc.nat(body.length), { maxLength: 30 }), (cuts) => {
        const { frames, parser } = parse(body, cuts);
        expect(frames.length).toBe(whole.length);
        expect(Buffer.concat(frames).equals(Buffer.concat(whole.map((record) => record.frame)))).toBe(true);
        expect(parser.skipped).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('that ends anywhere gives what is whole, as the other reader does', () => {
    fc.assert(
      fc.property(fc.integer({ min: FILE_HEADER, max: bytes.length }), (end) => {
        const { frames } = parse(bytes.subarray(FILE_HEADER, end), []);
        expect(frames.length).toBe(readPcap(bytes.subarray(0, end)).length);
      }),
      { numRuns: 200 },
    );
  });

  test('with garbage in the middle loses that alone', () => {
    const middle = FILE_HEADER + 16 + (whole[0]?.frame.length ?? 0);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 400 }), (garbage) => {
        // What looks like a record by chance may take a frame with it.
        if (garbage.length >= 16 && garbage[10] === 0 && garbage[11] === 0) return;
        const filled = Buffer.from(garbage).fill(0xff, 0, 16);
        const { frames } = parse(
          Buffer.concat([bytes.subarray(FILE_HEADER, middle), filled, bytes.subarray(middle)]),
          [],
        );
        expect(frames.length).toBeGreaterThanOrEqual(whole.length - 1);
      }),
      { numRuns: 200 },
    );
  });

  test('never throws, and always ends, on anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat(2000), { maxLength: 5 }), (garbage, cuts) => {
        parse(
          Buffer.from(garbage),
          cuts.map((cut) => Math.min(cut, garbage.length)),
        );
      }),
    );
  });
});

test('what a file is instead of a capture is said', () => {
  expect(captureFormat(pcapHeader())).toEqual({ littleEndian: true, nano: false });
  expect(captureFormat(pcapHeader().subarray(0, 20))).toBe('it is too short');
  expect(captureFormat(Buffer.concat([Buffer.from('0a0d0d0a', 'hex'), Buffer.alloc(40)]))).toBe(
    'it is a pcapng capture',
  );
  const wireless = pcapHeader();
  wireless.writeUInt32LE(105, 20);
  expect(captureFormat(wireless)).toBe('it holds frames of link type 105');
  expect(captureFormat(Buffer.from('hello, this is a text and no capture'))).toBe(
    'it does not begin as a capture does',
  );
  const swapped = pcapHeader();
  for (const at of [0, 16, 20]) swapped.subarray(at, at + 4).reverse();
  expect(captureFormat(swapped)).toEqual({ littleEndian: false, nano: false });
});
