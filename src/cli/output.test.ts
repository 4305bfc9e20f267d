import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { bytesText } from '../engine/bytes-text.js';
import { clockText, print, printJson, table } from './output.js';

afterEach(() => vi.restoreAllMocks());

function printed(act: () => void): string {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += chunk;
    return true;
  });
  act();
  return text;
}

test('text ends in one new line, whether it has one or not', () => {
  expect(printed(() => print('a'))).toBe('a\n');
  expect(printed(() => print('a\n'))).toBe('a\n');
  expect(printed(() => print(''))).toBe('\n');
});

test('JSON is one document that reads back', () => {
  const value = { machines: [{ name: 'core-01', ip: null }], text: '"quoted"\n' };
  const text = printed(() => printJson(value));
  expect(JSON.parse(text)).toEqual(value);
  expect(text.endsWith('}\n')).toBe(true);
});

describe('a table', () => {
  test('has columns as wide as their widest cell, and no spaces at the ends of lines', () => {
    const rows = [
      ['NAME', 'SIZE', 'MACHINES'],
      ['clean', '1.0 GiB', 'core-01, core-02'],
      ['a', '', 'core-01'],
    ];
    expect(table(rows)).toBe(
      ['NAME   SIZE     MACHINES', 'clean  1.0 GiB  core-01, core-02', 'a               core-01'].join('\n'),
    );
  });

  test('may be empty or ragged', () => {
    expect(table([])).toBe('');
    expect(table([['a'], ['long', 'b']])).toBe('a\nlong  b');
  });
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [10 * 1024, '10 KiB'],
  [1024 ** 2 - 1, '1.0 MiB'],
  [10 * 1024 - 1, '10 KiB'],
  [5.25 * 1024 ** 3, '5.3 GiB'],
  [2000 * 1024 ** 4, '2000 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test('no size shows 1024 of a unit that has a bigger one, nor two digits with a fraction', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1024 ** 4 }), (bytes) => {
      const [, number = '', unit = ''] = /^(\d+(?:\.\d)?) ([KMGT]iB|B)$/.exec(bytesText(bytes)) ?? [];
      expect(Number(number)).toBeLessThan(1024);
      expect(number.includes('.')).toBe(unit !== 'B' && Number(number) < 10);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  [0, '0:00'],
  [-5000, '0:00'],
  [499, '0:00'],
  [75_000, '1:15'],
  [59_600, '1:00'],
  [3_599_400, '59:59'],
  [3_600_000, '1:00:00'],
  [36_065_000, '10:01:05'],
])('%d ms are %s', (milliseconds, text) => {
  expect(clockText(milliseconds)).toBe(text);
});
