import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { oneKeyStream, splitKeys } from './one-key-stream.js';

test('splits what arrived together into keys', () => {
  expect(splitKeys('ab\u001B[B\u001B[1;5C\u001BOPé👍\r')).toEqual([
    'a',
    'b',
    '\u001B[B',
    '\u001B[1;5C',
    '\u001BOP',
    'é',
    '👍',
    '\r',
  ]);
  expect(splitKeys('x\u001B[200~a\rb\u001B[201~y')).toEqual(['x', '\u001B[200~a\rb\u001B[201~', 'y']);
  expect(splitKeys('\u001B')).toEqual(['\u001B']);
  expect(splitKeys('a\u001B[')).toEqual(['a', '\u001B[']);
});

test('no piece of input is lost, whatever it is', () => {
  let state = 7;
  const random = (limit: number) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
  const alphabet = ['\u001B', '[', 'O', 'A', '~', '2', '0', ';', '\r', 'é', '👍', '\u0003', ' '];
  for (let round = 0; round < 500; round++) {
    const text = Array.from({ length: random(40) }, () => alphabet[random(alphabet.length)]).join('');
    expect(splitKeys(text).join('')).toBe(text);
  }
});

test('a reader that reads until nothing is there gets one key for each turn', async () => {
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream;
  const stream = oneKeyStream(stdin);
  const turns: string[][] = [];
  const listener = () => {
    const keys: string[] = [];
    for (let key = stream.read(); key !== null; key = stream.read()) keys.push(key);
    turns.push(keys);
  };
  stream.on('readable', listener);
  (stdin as unknown as PassThrough).write('ab\u001B[B');
  for (let count = 0; count < 10; count++) await turn();
  expect(turns.filter((keys) => keys.length > 0)).toEqual([['a'], ['b'], ['\u001B[B']]);
  stream.off('readable', listener);
  (stdin as unknown as PassThrough).write('c');
  await turn();
  expect(turns.flat()).not.toContain('c');
});
