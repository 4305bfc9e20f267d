import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileFollower } from './follower.js';

let directory: string;
let file: string;
let followers: FileFollower[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'follower-'));
  file = join(directory, 'console.log');
  followers = [];
});
afterEach(async () => {
  await Promise.all(followers.map((follower) => follower.close()));
  await rm(directory, { recursive: true, force: true });
});

function follow(offset = 0): FileFollower {
  const follower = new FileFollower(file, offset);
  followers.push(follower);
  return follower;
}
const text = async (follower: FileFollower) => (await follower.read()).toString('utf8');

test('reads what is there, then what is appended, and nothing twice', async () => {
  await writeFile(file, 'one\n');
  const follower = follow();
  expect(await text(follower)).toBe('one\n');
  expect(await text(follower)).toBe('');
  await appendFile(file, 'two\n');
  expect(await text(follower)).toBe('two\n');
  expect(follower.offset).toBe(8);
});

test('begins where it is told to', async () => {
  await writeFile(file, 'old boot\nnew boot\n');
  expect(await text(follow(9))).toBe('new boot\n');
});

test('waits for a file that is not there yet', async () => {
  const follower = follow();
  expect(await text(follower)).toBe('');
  await writeFile(file, 'first\n');
  expect(await text(follower)).toBe('first\n');
});

test('a file that shrank is read from its start', async () => {
  await writeFile(file, 'a long first boot\n');
  const follower = follow();
  await follower.read();
  await truncate(file, 0);
  expect(await text(follower)).toBe('');
  await appendFile(file, 'second\n');
  expect(await text(follower)).toBe('second\n');
  expect(follower.offset).toBe(7);
});

test('an offset from before a shrink does not skip the new text', async () => {
  await writeFile(file, 'short\n');
  expect(await text(follow(5000))).toBe('short\n');
});

test('a file that was replaced is read from its start, also a longer one', async () => {
  await writeFile(file, 'old\n');
  const follower = follow();
  await follower.read();
  await writeFile(`${file}.new`, 'new and longer\n');
  await rename(`${file}.new`, file);
  expect(await text(follower)).toBe('new and longer\n');
});

test('a file that was removed and made again is read from its start', async () => {
  await writeFile(file, 'old\n');
  const follower = follow();
  await follower.read();
  await rm(file);
  expect(await text(follower)).toBe('');
  await writeFile(file, 'fresh machine\n');
  expect(await text(follower)).toBe('fresh machine\n');
});

test('after it was closed it goes on where it was', async () => {
  await writeFile(file, 'one\n');
  const follower = follow();
  await follower.read();
  await follower.close();
  await appendFile(file, 'two\n');
  expect(await text(follower)).toBe('two\n');
});

test('gives at most 256 KiB at a time and loses no byte', async () => {
  const bytes = Buffer.from(Array.from({ length: 600_000 }, (_, index) => (index * 31 + (index >> 8)) % 256));
  await writeFile(file, bytes);
  const follower = follow();
  const chunks: Buffer[] = [];
  for (let chunk = await follower.read(); chunk.length > 0; chunk = await follower.read()) chunks.push(chunk);
  expect(chunks.map(({ length }) => length)).toEqual([262_144, 262_144, 75_712]);
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
});

test('whatever is written, shrunk and replaced between reads, what came since is what the file holds', async () => {
  const change = fc.record({
    kind: fc.constantFrom('append', 'append', 'shrink', 'replace', 'remove'),
    added: fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      await rm(file, { force: true });
      const follower = follow();
      let seen = '';
      let held = '';
      for (const { kind, added } of changes) {
        if (kind !== 'append') seen = '';
        held = kind === 'append' ? held + added : kind === 'replace' ? added : '';
        if (kind === 'append') await appendFile(file, added);
        else if (kind === 'remove') await rm(file, { force: true });
        else if (kind === 'shrink') await writeFile(file, '');
        else {
          await writeFile(`${file}.new`, added);
          await rename(`${file}.new`, file);
        }
        seen += await text(follower);
        expect(seen).toBe(held);
      }
      await follower.close();
    }),
    { numRuns: 60 },
  );
});
