import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { INTERVAL, MAX_TEXT, OutputCoalescer, type OutputPiece } from './output-coalescer.js';

let pieces: OutputPiece[];
let output: OutputCoalescer;

beforeEach(() => {
  vi.useFakeTimers();
  pieces = [];
  output = new OutputCoalescer((piece) => pieces.push(piece));
});

afterEach(() => {
  vi.useRealTimers();
});

const push = (text: string, stream: 'stdout' | 'stderr' = 'stdout') => output.push(stream, Buffer.from(text));

describe('rate', () => {
  test('the first words come at once, but not from within push', () => {
    push('a');
    expect(pieces).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(pieces).toEqual([{ stream: 'stdout', text: 'a' }]);
  });

  test('ten pieces a second at most, and nothing is lost', () => {
    for (let time = 0; time < 2000; time += 5) {
      push(`${time} `);
      vi.advanceTimersByTime(5);
    }
    output.end();
    expect(pieces.length).toBeLessThanOrEqual(2000 / INTERVAL + 2);
    expect(pieces.length).toBeGreaterThan(10);
    expect(pieces.map(({ text }) => text).join('')).toBe(Array.from({ length: 400 }, (_, n) => `${n * 5} `).join(''));
  });

  test('both streams are told in the order in which they spoke', () => {
    push('e', 'stderr');
    push('o');
    push('e', 'stderr');
    output.end();
    expect(pieces).toEqual([
      { stream: 'stderr', text: 'ee' },
      { stream: 'stdout', text: 'o' },
    ]);
  });

  test('silence costs nothing', () => {
    output.end();
    expect(pieces).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('size', () => {
  test('the tail is kept and the rest is counted', () => {
    push('x'.repeat(10 * MAX_TEXT));
    push('end');
    output.end();
    const [piece] = pieces;
    expect(Buffer.byteLength(piece?.text ?? '')).toBe(MAX_TEXT);
    expect(piece?.text.endsWith('xend')).toBe(true);
    expect(piece?.skipped).toBe(9 * MAX_TEXT + 3);
  });

  test('the buffer of the sender may be used again', () => {
    const chunk = Buffer.from('first');
    output.push('stdout', chunk);
    chunk.write('XXXXX');
    output.end();
    expect(pieces[0]?.text).toBe('first');
  });
});

test('characters are never cut, wherever chunks end', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 50 }),
      fc.array(fc.integer({ min: 1, max: 5 })),
      (text, sizes) => {
        pieces = [];
        const bytes = Buffer.from(text.toWellFormed());
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          output.push('stdout', bytes.subarray(at, at + size));
          at += size;
          vi.advanceTimersByTime(INTERVAL);
        }
        output.end();
        expect(pieces.map((piece) => piece.text).join('')).toBe(text.toWellFormed());
        expect(pieces.some(({ skipped }) => skipped)).toBe(false);
      },
    ),
  );
});

test('every byte is either shown or counted, whatever it is', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3 * MAX_TEXT, size: 'max' }), { maxLength: 4 }), (chunks) => {
      pieces = [];
      for (const chunk of chunks) output.push('stdout', chunk);
      output.end();
      const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      const [piece] = pieces;
      const joined = Buffer.concat(chunks);
      const skipped = piece?.skipped ?? 0;
      expect(piece?.text ?? '').toBe(joined.toString('utf8', skipped));
      expect(total - skipped).toBeLessThanOrEqual(MAX_TEXT);
    }),
    { numRuns: 50 },
  );
});

test('a multibyte character at the cut is left out whole', () => {
  push('€'.repeat(MAX_TEXT));
  output.end();
  expect(pieces[0]?.text).toMatch(/^€+$/);
  expect(Buffer.byteLength(pieces[0]?.text ?? '') + (pieces[0]?.skipped ?? 0)).toBe(3 * MAX_TEXT);
});
