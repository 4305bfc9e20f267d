import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HandOver, handOver } from './hand-over.js';

let directory: string;
let offered: HandOver;
let seen: number[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hand-over-'));
  await writeFile(join(directory, 'file'), '0123456789');
  seen = [];
  offered = await handOver(join(directory, 'file'), (done) => void seen.push(done));
});
afterEach(async () => {
  await offered.close();
  await rm(directory, { recursive: true });
});
const get = (path: string, headers = {}) => fetch(`http://127.0.0.1:${offered.port}${path}`, { headers });

test('gives the file, and tells how far it is', async () => {
  const response = await get(offered.path);
  expect(response.headers.get('content-length')).toBe('10');
  expect(await response.text()).toBe('0123456789');
  expect(seen).toEqual([10]);
});

test('gives the rest of it, counted from the beginning', async () => {
  const response = await get(offered.path, { Range: 'bytes=7-' });
  expect([response.status, response.headers.get('content-range')]).toEqual([206, 'bytes 7-9/10']);
  expect(await response.text()).toBe('789');
  expect(seen).toEqual([10]);
});

test('gives nothing else, and nothing to who does not know the path', async () => {
  expect((await get('/')).status).toBe(404);
  expect((await get('/file')).status).toBe(404);
  expect((await get(offered.path, { Range: 'bytes=10-' })).status).toBe(416);
  expect((await fetch(`http://127.0.0.1:${offered.port}${offered.path}`, { method: 'DELETE' })).status).toBe(404);
  expect(offered.path).toMatch(/^\/[0-9a-f]{32}$/);
});

test('is gone after close, even while somebody fetches', async () => {
  await writeFile(join(directory, 'file'), Buffer.alloc(50_000_000));
  await offered.close();
  offered = await handOver(join(directory, 'file'), () => {});
  const response = await get(offered.path);
  await offered.close();
  await expect(response.arrayBuffer()).rejects.toThrow();
  await expect(get(offered.path)).rejects.toThrow();
});
