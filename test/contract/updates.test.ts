import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clusterScript, sortAnswers } from '../../src/engine/cluster/cluster-script.js';
import { createExec } from '../../src/engine/exec-process.js';
import { nodeScript, readNode } from '../../src/engine/updates/node-script.js';
import { lookAtUpdates } from '../../src/engine/updates/updates-look.js';
import { updatesScript } from '../../src/engine/updates/updates-script.js';
import { buildUpdateServer, CHECK, event, omaha as request } from './support/update-server.js';

/**
 * The very scripts that run on the provisioner and on nodes: the one against the real update server and a real etcd on loopback addresses, the other
 * against real partition tables.
 */
const NODES = { 'core-01': '127.0.0.61', 'core-02': '127.0.0.62', 'core-03': '127.0.0.63' };
type Name = keyof typeof NODES;
const IDS = { 'core-01': '1'.repeat(32), 'core-02': '2'.repeat(32), 'core-03': '3'.repeat(32) };
const PORTS = { server: 18000, etcd: 23791 };
const SERVER = `http://127.0.0.1:${PORTS.server}`;
const SEMAPHORE = `http://127.0.0.61:${PORTS.etcd}/v2/keys/coreos.com/updateengine/rebootlock/semaphore`;
const exec = createExec({ emit: () => {} });
const running: ChildProcess[] = [];
let directory: string;
let server: ChildProcess;

async function start(program: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: 'ignore' });
  running.push(child);
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

const bash = (script: string, env: Record<string, string> = {}) =>
  exec.run('bash', ['-euo', 'pipefail', '-c', script], { env });
const asked = (Object.keys(NODES) as Name[]).map((machine) => ({
  machine,
  address: NODES[machine],
  runs: true,
  ask: true,
}));
/** Nodes tell their id only; the machine with none does not answer. */
const look = (silent?: Name) =>
  lookAtUpdates(
    {
      provisioner: () => bash(updatesScript({ provisioner: '127.0.0.1', etcd: Object.values(NODES) }, PORTS)),
      node: async (machine) => {
        const told = { exitCode: 0, stderr: '', timedOut: machine === silent };
        return { ...told, stdout: `id ${IDS[machine as Name]}\nunit inactive\n` };
      },
    },
    { provisioner: '127.0.0.1', nodes: asked },
  );
const statuses = async () => (await look()).nodes.map(({ server: view }) => view?.status);

const omaha = (machine: Name, version: string, body: string) =>
  request(SERVER, { address: NODES[machine], id: IDS[machine], version }, body);
const apply = (...args: string[]) => bash(`bash provision/update/apply ${args.join(' ')}`, { UPDATE_SERVER: SERVER });

async function setLock(holders: string[] | null): Promise<void> {
  const value = JSON.stringify({ semaphore: holders === null ? 1 : 0, max: 1, holders });
  await fetch(SEMAPHORE, { method: 'PUT', body: new URLSearchParams({ value }) });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'updates-'));
  buildUpdateServer(directory);
});
afterAll(async () => {
  await Promise.all(running.map(stop));
  await rm(directory, { recursive: true, force: true });
});

test('a rollout: server and lock are told as they are, and come and go', { timeout: 120_000 }, async () => {
  const nothing = await look();
  expect(nothing.server).toMatchObject({ state: 'down', reason: expect.stringContaining('Nothing answers') });
  expect(nothing.lock.state).toBe('unknown');

  server = await start(join(directory, 'update_server'), '-listen', `127.0.0.1:${PORTS.server}`, '-home', directory);
  const client = `http://127.0.0.61:${PORTS.etcd}`;
  const urls = ['--listen-client-urls', client, '--advertise-client-urls', client];
  const peer = 'http://127.0.0.61:23801';
  const peers = [
    '--listen-peer-urls',
    peer,
    '--initial-advertise-peer-urls',
    peer,
    '--initial-cluster',
    `core-01=${peer}`,
  ];
  await start('etcd', '--enable-v2', '--name', 'core-01', '--data-dir', join(directory, 'etcd'), ...urls, ...peers);
  await expect.poll(async () => (await look()).server.state, { timeout: 30_000 }).toBe('up');
  await expect.poll(async () => (await look()).lock.state, { timeout: 30_000 }).toBe('never');
  expect((await look()).server.groups).toEqual([]);

  const payload = join(directory, 'payload');
  await writeFile(payload, 'payload');
  await bash(`bash provision/update/publish 1.1.0 ${payload}`, { UPDATE_SERVER: SERVER, UPDATE_HOME: directory });
  await apply('channel', 'provision/update/channel.json', 'package=1.1.0');
  await apply('group', 'provision/update/group.json');
  const group = { name: 'lab', track: 'lab', version: '1.1.0', enabled: true, safeMode: true };
  expect((await look()).server.groups).toEqual([{ ...group, rollout: false, instances: 0 }]);
  expect(await statuses()).toEqual([undefined, undefined, undefined]);

  for (const name of Object.keys(NODES) as Name[]) await omaha(name, '1.0.0', CHECK);
  expect(await statuses()).toEqual(['update_granted', 'onhold', 'onhold']);
  await omaha('core-01', '1.0.0', event(13, 1));
  expect(await statuses()).toEqual(['downloading', 'onhold', 'onhold']);
  await omaha('core-01', '1.0.0', event(14, 1));
  await setLock([IDS['core-01']]);
  const rebooting = await look('core-01');
  expect(rebooting.server.groups).toEqual([{ ...group, rollout: true, instances: 3 }]);
  expect(rebooting.lock).toEqual({ state: 'held', holders: [{ id: IDS['core-01'], machine: 'core-01' }] });
  expect(rebooting.nodes[0]).toMatchObject({
    state: 'silent',
    lock: true,
    server: { group: 'lab', version: '1.0.0', status: 'downloaded', time: expect.any(Number) },
  });

  await omaha('core-01', '1.1.0', event(3, 2, 'previousversion="1.0.0"') + CHECK);
  await setLock(null);
  await apply('group', 'provision/update/group.json', 'policy_updates_enabled=false');
  const paused = await look();
  expect(paused.lock).toEqual({ state: 'free', holders: [] });
  expect(paused.server.groups).toMatchObject([{ enabled: false }]);
  expect(paused.nodes[0]?.server).toMatchObject({ version: '1.1.0', status: 'complete' });

  await stop(server);
  expect((await look()).server.state).toBe('down');
});

test('the look at the cluster says whether something listens on the port of the update server', async () => {
  const script = clusterScript({ provisioner: '127.0.0.1', etcd: [], ssh: [] });
  // 8000 may be in use here by anything.
  const hexadecimal = PORTS.server.toString(16).toUpperCase();
  const listens = async () => sortAnswers((await bash(script.replace('1F40', hexadecimal))).stdout).updates;
  expect(script).toContain('1F40');
  expect(await listens()).toBe(false);
  server = await start(join(directory, 'update_server'), '-listen', `127.0.0.1:${PORTS.server}`, '-home', directory);
  await expect.poll(listens, { timeout: 10_000 }).toBe(true);
  await stop(server);
  await expect.poll(listens, { timeout: 10_000 }).toBe(false);
});

/** What a node has: programs of the system that are not here, and a disk that is a file. */
async function fakeNode(slot: number | undefined, engine: string) {
  const root = await mkdtemp(join(directory, 'node-'));
  const programs = {
    rootdev: slot === undefined ? 'echo /dev/loop0' : `echo /dev/vda${slot}`,
    sudo: 'exec "$@"',
    systemctl: `[ "$*" = "is-active update-engine.service" ] && echo ${engine === '' ? 'inactive; exit 3' : 'active'}`,
    update_engine_client: `[ "$*" = -status ] && printf '${engine}'`,
  };
  await mkdir(join(root, 'bin'));
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(root, 'bin', name), `#!/bin/bash\n${text}\n`);
    await chmod(join(root, 'bin', name), 0o755);
  }
  await mkdir(join(root, 'class'));
  for (const number of [3, 4]) {
    await mkdir(join(root, `devices/vda/vda${number}`), { recursive: true });
    await writeFile(join(root, `devices/vda/vda${number}/partition`), `${number}\n`);
    await symlink(`../devices/vda/vda${number}`, join(root, `class/vda${number}`));
  }
  await bash(
    `truncate -s 3G ${root}/vda && . provision/labos/overlay/usr/libexec/labos/disk-layout && partition_disk ${root}/vda
    cgpt add -i 4 -P 3 -T 1 -S 0 ${root}/vda`,
  );
  await writeFile(join(root, 'id'), `${IDS['core-01']}\n`);
  await writeFile(join(root, 'os-release'), 'NAME="Lab OS"\nVERSION_ID=1.1.0\n');
  const script = nodeScript
    .replaceAll('/sys/class/block', `${root}/class`)
    .replaceAll('/etc/machine-id', `${root}/id`)
    .replaceAll('/etc/os-release', `${root}/os-release`)
    .replaceAll('"/dev/', `"${root}/`);
  const result = await bash(script, { PATH: `${root}/bin:${process.env.PATH}` });
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return readNode(result.stdout);
}

test('a node tells version, slots and engine', async () => {
  const source = await readFile('provision/update-engine/cmd/update_engine_client/main.go', 'utf8');
  // What the client prints, with values put in.
  const format = /Printf\("(LAST_CHECKED_TIME=[^"]+)"/.exec(source)?.[1] ?? '';
  const values = ['1795828836', '0.437000', 'UPDATE_STATUS_DOWNLOADING', '1.2.0', '300000'];
  const printed = format.replace(/%[dfs]/g, () => values.shift() ?? '');
  expect(await fakeNode(3, printed)).toEqual({
    id: IDS['core-01'],
    version: '1.1.0',
    slots: {
      running: 'A',
      A: { priority: 2, tries: 0, successful: 1 },
      B: { priority: 3, tries: 1, successful: 0 },
    },
    engine: { running: true, operation: 'DOWNLOADING', percent: 43, version: '1.2.0', lastCheck: 1795828836000 },
  });
});

test('a node without an engine, and one whose system is in memory, say so', async () => {
  expect(await fakeNode(4, '')).toMatchObject({ slots: { running: 'B' }, engine: { running: false } });
  expect(await fakeNode(undefined, '')).toMatchObject({ version: '1.1.0', slots: 'none', engine: { running: false } });
});
