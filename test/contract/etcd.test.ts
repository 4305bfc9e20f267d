import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAtCluster } from '../../src/engine/cluster/cluster-look.js';
import { clusterScript } from '../../src/engine/cluster/cluster-script.js';
import { MayuClient } from '../../src/engine/cluster/mayu-client.js';
import { defaultLabConfig } from '../../src/engine/config/defaults.js';
import { createExec } from '../../src/engine/exec-process.js';

/** Three real etcds on loopback addresses, asked by the very script that runs on the provisioner. */
const NODES = { 'core-01': '127.0.0.51', 'core-02': '127.0.0.52', 'core-03': '127.0.0.53' };
const [CLIENT, PEER] = [23790, 23800];
const { machines } = defaultLabConfig();
const exec = createExec({ emit: () => {} });
const running = new Map<string, ChildProcess>();
let directory: string;
let mayuPort: number;
let closeMayu = () => {};

function start(name: keyof typeof NODES): void {
  const peers = Object.entries(NODES).map(([each, address]) => `${each}=http://${address}:${PEER}`);
  const own = { client: `http://${NODES[name]}:${CLIENT}`, peer: `http://${NODES[name]}:${PEER}` };
  const args = [
    ['--name', name],
    ['--data-dir', join(directory, name)],
    ['--listen-client-urls', own.client],
    ['--advertise-client-urls', own.client],
    ['--listen-peer-urls', own.peer],
    ['--initial-advertise-peer-urls', own.peer],
    ['--initial-cluster', peers.join()],
  ].flat();
  running.set(name, spawn('etcd', args, { stdio: 'ignore' }));
}

async function stop(name: string): Promise<void> {
  const child = running.get(name);
  running.delete(name);
  if (child === undefined || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

const look = async () => {
  const mayu = new MayuClient(machines[0] as (typeof machines)[number], machines, () => Promise.reject(new Error()));
  const questions = { provisioner: '127.0.0.1', etcd: Object.values(NODES), ssh: [] };
  const script = clusterScript(questions, CLIENT).replace(':4080', `:${mayuPort}`);
  const run = () => exec.run('bash', ['-euo', 'pipefail', '-c', script]);
  return (await lookAtCluster(run, mayu, questions)).state;
};
const members = async () =>
  (await look()).etcd.members.map(({ name, address, healthy }) => `${name} ${address} ${healthy}`);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'etcd-'));
  const server = createServer((_request, response) =>
    response.end('[{"Serial":"0800278e158a-0","State":"running"}]\n'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mayuPort = (server.address() as { port: number }).port;
  closeMayu = () => void server.close();
});
afterAll(async () => {
  for (const name of [...running.keys()]) await stop(name);
  closeMayu();
  await rm(directory, { recursive: true, force: true });
});

test('a cluster forms, loses a member, then its majority, and heals', { timeout: 120_000 }, async () => {
  expect(await look()).toEqual({
    mayu: {
      state: 'up',
      dhcp: expect.any(Boolean),
      hosts: [{ machine: 'core-01', serial: '0800278e158a-0', state: 'running' }],
    },
    etcd: { members: [], quorum: false },
  });

  for (const name of Object.keys(NODES)) start(name as keyof typeof NODES);
  const healthy = ['core-01 127.0.0.51 true', 'core-02 127.0.0.52 true', 'core-03 127.0.0.53 true'];
  await expect.poll(members, { timeout: 30_000, interval: 500 }).toEqual(healthy);
  const { etcd } = await look();
  expect(etcd.quorum).toBe(true);
  expect(etcd.members.filter(({ leader }) => leader)).toHaveLength(1);

  await stop('core-03');
  await expect
    .poll(members, { timeout: 30_000, interval: 500 })
    .toEqual([...healthy.slice(0, 2), 'core-03 127.0.0.53 false']);
  await expect.poll(async () => (await look()).etcd.quorum, { timeout: 20_000 }).toBe(true);

  await stop('core-02');
  await expect.poll(async () => (await look()).etcd.quorum, { timeout: 30_000, interval: 500 }).toBe(false);
  expect((await look()).etcd.members).toHaveLength(3);

  start('core-02');
  start('core-03');
  await expect.poll(members, { timeout: 30_000, interval: 500 }).toEqual(healthy);

  closeMayu();
  await expect.poll(async () => (await look()).mayu.state).toBe('down');
});
