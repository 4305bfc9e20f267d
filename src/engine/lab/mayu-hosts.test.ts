import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultLabConfig } from '../config/defaults.js';
import { createExec } from '../exec-process.js';
import { ensureLabKeys, type LabKeys } from '../keys/keys.js';
import { localSsh, TARGET } from './local-ssh-test-support.js';
import { writeMayuHosts } from './mayu-hosts.js';
import type { LabParts } from './parts.js';

const NODES = defaultLabConfig().machines.filter(({ role }) => role === 'node');
let directory: string;
let folder: string;
let keys: LabKeys;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hosts '));
  folder = join(directory, 'mayu', 'files');
  keys = await ensureLabKeys(
    join(directory, 'keys'),
    NODES.map(({ name }) => name),
  );
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function write(nodes = NODES) {
  const ssh = (await localSsh(createExec({ emit: () => {} }), directory)) as LabParts['ssh'];
  return writeMayuHosts({ ssh }, TARGET, nodes, keys, { folder });
}
const text = (...path: string[]) => readFile(join(folder, ...path), 'utf8');

test('every node gets its name and keys, which only root may read', async () => {
  expect(await write()).toEqual({ written: ['core-01', 'core-02', 'core-03'], removed: [] });
  expect((await readdir(folder)).sort()).toEqual(['0800278e158a-0', '0800278e158b-0', '0800278e158c-0']);
  expect(await text('0800278e158b-0', 'hostname')).toBe('core-02\n');
  expect(await text('0800278e158b-0', 'ssh_host_ed25519_key')).toBe(keys.host('core-02').privateKey);
  expect(await text('0800278e158b-0', 'ssh_host_ed25519_key.pub')).toBe(`${keys.host('core-02').publicKey}\n`);
  const mode = async (...path: string[]) => ((await stat(join(folder, ...path))).mode & 0o777).toString(8);
  expect(await mode('..')).toBe('755');
  expect(await mode('0800278e158a-0')).toBe('700');
  for (const name of await readdir(join(folder, '0800278e158a-0')))
    expect(await mode('0800278e158a-0', name)).toBe('600');
});

test('what is right stays as it is, what is wrong or open to others is made anew', async () => {
  await write();
  const { ino } = await stat(join(folder, '0800278e158a-0'));
  await writeFile(join(folder, '0800278e158b-0', 'hostname'), 'somebody else\n');
  await rm(join(folder, '0800278e158c-0', 'ssh_host_ed25519_key'));
  expect(await write()).toEqual({ written: ['core-02', 'core-03'], removed: [] });
  expect((await stat(join(folder, '0800278e158a-0'))).ino).toBe(ino);
  expect(await text('0800278e158b-0', 'hostname')).toBe('core-02\n');
  expect(await write()).toEqual({ written: [], removed: [] });
});

test('folders of machines that are gone, and what a killed try left, are removed; other folders are not', async () => {
  await write();
  await mkdir(join(`${folder}.new`, '0800278e158a-0'), { recursive: true });
  await mkdir(join(folder, 'node'));
  await writeFile(join(folder, 'node', 'etcd'), 'for all machines');
  expect(await write(NODES.slice(0, 1))).toEqual({ written: [], removed: ['0800278e158b-0', '0800278e158c-0'] });
  expect((await readdir(folder)).sort()).toEqual(['0800278e158a-0', 'node']);
  expect((await readdir(join(folder, '..'))).sort()).toEqual(['files']);
  expect(await write([])).toEqual({ written: [], removed: ['0800278e158a-0'] });
});

test('serials are written in small letters, as Mayu does', async () => {
  const [node] = NODES;
  if (node === undefined) throw new Error('the default lab has nodes');
  await write([{ ...node, serial: 'ABC-1' }]);
  expect(await readdir(folder)).toEqual(['abc-1']);
});
