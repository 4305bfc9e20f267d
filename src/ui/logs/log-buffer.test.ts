import { expect, test } from 'vitest';
import { LogBuffer } from './log-buffer.js';

const all = (log: LogBuffer) => Array.from({ length: log.end - log.first }, (_, index) => log.text(log.first + index));

test('keeps lines, the unfinished one included', () => {
  const log = new LogBuffer();
  log.append('one\ntw');
  expect(all(log)).toEqual(['one', 'tw']);
  log.append('o\n');
  expect(all(log)).toEqual(['one', 'two']);
});

test('a lone carriage return begins the line anew; one before a line break is its end', () => {
  const log = new LogBuffer();
  log.append('10 %\r50 %\r100 %\r\nnext\r\n');
  expect(all(log)).toEqual(['100 %', 'next']);
});

test('nothing that steers a terminal comes through', () => {
  const log = new LogBuffer();
  log.append('a\u001B[2Jb\u001B]0;title\u0007c\u001B[31md\u0000\u009B5ne\n');
  expect(all(log)).toEqual(['abcd5ne']);
});

test('numbers of lines stay when old lines are dropped', () => {
  const log = new LogBuffer(100);
  for (let n = 0; n < 1000; n++) log.append(`line ${n}\n`);
  expect(log.end).toBe(1000);
  expect(log.end - log.first).toBeLessThanOrEqual(120);
  expect(log.text(log.first)).toBe(`line ${log.first}`);
  expect(log.text(999)).toBe('line 999');
});

test('a flood in one piece keeps its end', () => {
  const log = new LogBuffer(100);
  log.append('before\n');
  log.append(Array.from({ length: 5000 }, (_, n) => `flood ${n}\n`).join(''));
  expect(log.end).toBe(5001);
  expect(log.text(5000)).toBe('flood 4999');
  expect(log.text(log.first)).toBe(`flood ${log.first - 1}`);
});

test('the same text gives the same lines however it is cut', () => {
  const text = Array.from(
    { length: 300 },
    (_, n) => `${n} ${'x'.repeat(n % 90)}${n % 7 === 0 ? '\rredone' : ''}\n`,
  ).join('');
  const whole = new LogBuffer();
  whole.append(text);
  for (let seed = 1; seed <= 20; seed++) {
    const pieces = new LogBuffer();
    let state = seed;
    for (let at = 0; at < text.length; ) {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      const length = 1 + (state % 40);
      pieces.append(text.slice(at, at + length));
      at += length;
    }
    expect(all(pieces)).toEqual(all(whole));
  }
});
