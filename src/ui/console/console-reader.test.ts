import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConsoleReader } from './console-reader.js';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'console-'));
  file = join(directory, 'console.log');
});
afterEach(() => rm(directory, { recursive: true }));

const lines = ({ source }: ConsoleReader) =>
  Array.from({ length: source.end - source.first }, (_, index) => source.text(source.first + index));

test('a file that is not there yet, then grows', async () => {
  const reader = new ConsoleReader(file, true);
  expect(await reader.read()).toBe(false);
  expect(lines(reader)).toEqual([]);
  await writeFile(file, 'boot\r\n');
  expect(await reader.read()).toBe(true);
  expect(await reader.read()).toBe(false);
  await appendFile(file, 'login:');
  await reader.read();
  expect(lines(reader)).toEqual(['boot', 'login:']);
  await reader.close();
});

test('of a flood the end is shown, and how much was left out', async () => {
  const reader = new ConsoleReader(file, true);
  await writeFile(file, 'start\r\n');
  await reader.read();
  const flood = Array.from({ length: 100_000 }, (_, n) => `\u001B[31mline ${n} ${'.'.repeat(50)}\r\n`).join('');
  await appendFile(file, flood);
  while (await reader.read());
  expect(lines(reader).at(-2)).toMatch(/^line 99999 /);
  expect(lines(reader).some((line) => /^\[… .* are in the log file only\]$/.test(line))).toBe(true);
  for (const line of lines(reader)) expect(line).toMatch(/^(start|line \d+ \.{50}|\[… .*\]|)$/);
  await reader.close();
});

test('a machine made anew begins a new file', async () => {
  const reader = new ConsoleReader(file, true);
  await writeFile(file, 'old machine\r\n');
  await reader.read();
  await rm(file);
  await writeFile(file, 'new\r\n');
  await reader.read();
  expect(lines(reader)).toEqual(['old machine', 'new', '']);
  await reader.close();
});
