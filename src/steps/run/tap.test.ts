import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TapParser, type TapResult, type TapTest } from './tap.js';

function parse(text: string, chunk = text.length || 1): { tests: TapTest[]; result: TapResult } {
  const tests: TapTest[] = [];
  const parser = new TapParser((one) => tests.push(one));
  for (let at = 0; at < text.length; at += chunk) parser.push(text.slice(at, at + chunk));
  return { tests, result: parser.end() };
}

const real = [
  '1..6',
  'ok 1 ok one in 6ms',
  'ok 2 has # hash in 5ms',
  'ok 3 skipped # with hash in 6ms # skip why # not',
  'not ok 4 fails in 9ms',
  '# (in test file t.bats, line 8)',
  '#   `[ "$output" = ho ]\' failed',
  'raw text of a test',
  'ok 5 has skip # skip in name in 7ms',
  'ok 6 last in 1s',
  '',
].join('\n');

describe('what bats prints', () => {
  test('names, times, reasons and diagnostics', () => {
    const { tests, result } = parse(real);
    expect(tests.map(({ name, ok, skip, duration }) => [name, ok, skip, duration])).toEqual([
      ['ok one', true, undefined, 6],
      ['has # hash', true, undefined, 5],
      ['skipped # with hash', true, 'why # not', 6],
      ['fails', false, undefined, 9],
      ['has skip # skip in name', true, undefined, 7],
      ['last', true, undefined, 1000],
    ]);
    expect(tests[3]?.diagnostics).toEqual(['(in test file t.bats, line 8)', '  `[ "$output" = ho ]\' failed']);
    expect(result).toEqual({ planned: 6, tests: 6, failed: 1, skipped: 1, fault: '1 of 6 tests failed' });
  });

  test('a test is told as soon as it is over', () => {
    const tests: string[] = [];
    const parser = new TapParser(({ name }) => tests.push(name));
    parser.push('1..2\nok 1 first\n');
    expect(tests).toEqual(['first']);
    parser.push('not ok 2 second\n# why');
    expect(tests).toEqual(['first']);
    parser.end();
    expect(tests).toEqual(['first', 'second']);
  });
});

test.each([
  ['1..2\nok 1 a\nok 2 b\n', undefined],
  ['ok 1 a\n1..1\n', undefined],
  ['1..1\r\nok 1 - a\r\n', undefined],
  ['1..2\nok 1 a\nnot ok 2 b # TODO later\n', undefined],
  ['1..2\nok 1 a\nok 2 b # skip\n', undefined],
  ['1..2\nok 1 a\n', '2 tests were planned, but 1 reported'],
  ['1..1\nok 1 a\nok 2 b\n', '1 tests were planned, but 2 reported'],
  ['ok 1 a\n', 'The output has no plan, so nobody knows whether all tests ran'],
  ['1..0\n', 'There was no test'],
  ['', 'The output has no plan, so nobody knows whether all tests ran'],
  ['1..1\nok 1 a # skip not here\n', 'All tests were skipped, so nothing was checked'],
  ['1..2\nok 1 a\nok 1 b\n', 'Test number 1 was reported twice'],
  ['1..1\n1..1\nok 1 a\n', 'The output has two plans'],
  ['1..2\nok 1 a\nBail out! no disk\n', 'The tests gave up: no disk'],
  ['1..2\nok 1 a\nnot ok 2 b\n', '1 of 2 tests failed'],
  ['bash: bats: command not found\n', 'The output has no plan, so nobody knows whether all tests ran'],
])('%j ends as %s', (text, fault) => {
  expect(parse(text).result.fault).toBe(fault);
});

test('where the stream is cut makes no difference', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), (chunk) => {
      expect(parse(real, chunk)).toEqual(parse(real));
    }),
  );
});

test('any text gives a result, and passes only with a plan that was kept', () => {
  const line = fc.oneof(
    fc.constantFrom('1..1', '1..2', 'ok 1 a', 'not ok 2 b', 'ok', 'ok 3 # skip', '# d', 'Bail out!', '  ---'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const { tests, result } = parse(lines.join('\n'), 3);
      expect(tests).toHaveLength(result.tests);
      if (result.fault === undefined) {
        expect(result.planned).toBe(result.tests);
        expect(result.tests).toBeGreaterThan(0);
        expect(tests.every(({ ok, todo }) => ok || todo !== undefined)).toBe(true);
      }
    }),
  );
});
