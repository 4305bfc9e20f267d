import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CastWriter } from './cast-writer.js';

const NOON = Date.UTC(2024, 5, 1, 12, 0, 0);
let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cast-'));
  file = join(directory, 'console.cast');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function recording(): Promise<{ header: Record<string, unknown>; frames: [number, string, string][] }> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const [header, ...frames] = lines.map((line) => JSON.parse(line) as unknown);
  return { header: header as Record<string, unknown>, frames: frames as [number, string, string][] };
}

describe('a recording', () => {
  test('is asciicast v2: a header, then a frame for each piece with its time since the start', async () => {
    const cast = new CastWriter(file, 'core-01');
    await cast.append(Buffer.from('SeaBIOS\r\n'), 9, NOON + 250);
    await cast.append(Buffer.from('\x1b[31m"quoted"\\'), 22, NOON + 1500);
    const { header, frames } = await recording();
    expect(header).toEqual({ version: 2, width: 80, height: 25, timestamp: NOON / 1000, title: 'core-01' });
    expect(frames).toEqual([
      [0.25, 'o', 'SeaBIOS\r\n'],
      [1.5, 'o', '\x1b[31m"quoted"\\'],
    ]);
  });

  test('goes on in the next process, with the same start and the offset where the last one ended', async () => {
    expect(await new CastWriter(file, 'core-01').offset()).toBe(0);
    await new CastWriter(file, 'core-01').append(Buffer.from('one'), 3, NOON);
    const next = new CastWriter(file, 'core-01');
    expect(await next.offset()).toBe(3);
    await next.append(Buffer.from('two'), 6, NOON + 60_000);
    const { header, frames } = await recording();
    expect(header.timestamp).toBe(NOON / 1000);
    expect(frames).toEqual([
      [0, 'o', 'one'],
      [60, 'o', 'two'],
    ]);
    expect(await next.offset()).toBe(6);
  });

  test('never has a time before its start, though the clock was set back', async () => {
    const cast = new CastWriter(file, 'core-01');
    await cast.append(Buffer.from('a'), 1, NOON);
    await cast.append(Buffer.from('b'), 2, NOON - 5000);
    expect((await recording()).frames.map(([time]) => time)).toEqual([0, 0]);
  });

  test.each([
    '',
    'no json\n',
    '{"version":2}\n',
    '{"timestamp":"x"}\n',
    'null\n',
  ])('a damaged one begins anew: %j', async (damaged) => {
    await writeFile(file, damaged);
    await new CastWriter(file, 'core-01').append(Buffer.from('a'), 1, NOON);
    const { header, frames } = await recording();
    expect(header.version).toBe(2);
    expect(frames).toEqual([[0, 'o', 'a']]);
  });

  test('a damaged or missing offset counts as nothing recorded', async () => {
    const cast = new CastWriter(file, 'core-01');
    await writeFile(`${file}.offset`, 'rubbish');
    expect(await cast.offset()).toBe(0);
    await writeFile(`${file}.offset`, '');
    expect(await cast.offset()).toBe(0);
  });

  test('a line that a crash left half is not glued to the next frame', async () => {
    await new CastWriter(file, 'core-01').append(Buffer.from('one'), 3, NOON);
    await appendFile(file, '[0.5,"o","ha');
    await new CastWriter(file, 'core-01').append(Buffer.from('two'), 6, NOON + 1000);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual([1, 'o', 'two']);
  });
});

test('whatever text is cut in whatever pieces, all of it is in the frames', async () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 6 }), async (texts) => {
      await rm(file, { force: true });
      const cast = new CastWriter(file, 'core-01');
      let end = 0;
      for (const [index, piece] of texts.entries()) {
        const bytes = Buffer.from(piece);
        end += bytes.length;
        await cast.append(bytes, end, NOON + index * 10);
      }
      expect((await recording()).frames.map(([, , data]) => data).join('')).toBe(texts.join(''));
      expect(await cast.offset()).toBe(end);
    }),
    { numRuns: 50 },
  );
});

test('a character that is cut in two by a piece is whole in the recording', async () => {
  const bytes = Buffer.from('größe → 🙂\r\n');
  const cast = new CastWriter(file, 'core-01');
  for (const [index, byte] of bytes.entries()) await cast.append(Buffer.from([byte]), index + 1, NOON);
  const { frames } = await recording();
  expect(frames.map(([, , data]) => data).join('')).toBe(bytes.toString('utf8'));
});
