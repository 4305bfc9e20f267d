import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultLabConfig } from '../config/defaults.js';
import type { MachineConfig } from '../config/lab-config.js';
import type { LabEventBody } from '../events.js';
import { SshPorts } from './ssh-port.js';

const machine = defaultLabConfig().machines[0] as MachineConfig;
let directory: string;
let events: LabEventBody[];
let taken: Server[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ssh-port-'));
  events = [];
  taken = [];
});
afterEach(async () => {
  await Promise.all(taken.map((server) => new Promise((done) => server.close(done))));
  await rm(directory, { recursive: true, force: true });
});

const ports = () => new SshPorts(directory, { emit: (body) => void events.push(body) });
const remembered = async () => JSON.parse(await readFile(join(directory, 'ssh-ports.json'), 'utf8'));

/** Listens on a loopback port until the test ends. */
function take(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      taken.push(server);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

test('is unknown before the first start', async () => {
  expect(await ports().current(machine)).toBe(0);
});

test('is a free one, which is kept for the next start and the next process', async () => {
  const port = await ports().choose(machine);
  expect(port).toBeGreaterThan(1023);
  await expect(take(port)).resolves.toBe(port);
  await new Promise((done) => taken.pop()?.close(done));
  expect(await ports().current(machine)).toBe(port);
  expect(await ports().choose(machine)).toBe(port);
  expect(events).toEqual([]);
});

test('is chosen again when another program has taken it, and that is said', async () => {
  const port = await ports().choose(machine);
  await take(port);
  const other = await ports().choose(machine);
  expect(other).not.toBe(port);
  expect(await ports().current(machine)).toBe(other);
  expect(events).toEqual([
    {
      type: 'notice',
      level: 'warning',
      text: `Port ${port} of this computer is used by another program now: ssh to core-provisioner goes through ${other}.`,
    },
  ]);
});

test('that lab.yaml fixes is used as it is, even if it is taken: the provider says so then', async () => {
  const fixed = { ...machine, sshPort: await take(0) };
  expect(await ports().current(fixed)).toBe(fixed.sshPort);
  expect(await ports().choose(fixed)).toBe(fixed.sshPort);
  await expect(remembered()).rejects.toMatchObject({ code: 'ENOENT' });
});

test('of one machine does not forget that of another', async () => {
  const one = await ports().choose(machine);
  const two = await ports().choose({ ...machine, name: 'second' });
  expect(await remembered()).toEqual({ 'core-provisioner': one, second: two });
});

test.each([
  '',
  'null',
  '{"core-provisioner":"22"}',
  '{"core-provisioner":',
  '[1.5]',
])('a damaged memory is no port: %j', async (text) => {
  await writeFile(join(directory, 'ssh-ports.json'), text);
  expect(await ports().current(machine)).toBe(0);
  const port = await ports().choose(machine);
  expect(await remembered()).toEqual({ 'core-provisioner': port });
});
