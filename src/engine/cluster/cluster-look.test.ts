import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { defaultLabConfig } from '../config/defaults.js';
import { LabError } from '../errors.js';
import { lookAtCluster } from './cluster-look.js';
import { clusterText } from './cluster-text.js';
import { MayuClient } from './mayu-client.js';

const { machines } = defaultLabConfig();
const provisioner = machines[0] as (typeof machines)[number];
const mayu = new MayuClient(provisioner, machines, () => Promise.reject(new Error('not to be asked')));
const recorded = (name: string) => readFile(`test/fixtures/cluster/${name}`, 'utf8');
/** Mayu's real answer, on one line as it sends it. */
const HOSTS = `mayu 0 ${JSON.stringify(JSON.parse(await recorded('mayu-hosts.json')))}\n`;
/** Answers of a real etcd 3.4: three healthy members, and one whose two companions are gone. */
const HEALTHY = await recorded('etcd-healthy.txt');
const ALONE = await recorded('etcd-alone.txt');

const questions = { provisioner: '192.168.2.2', etcd: [], ssh: [] };
const look = (stdout: string) =>
  lookAtCluster(async () => ({ exitCode: 0, stdout, stderr: '', timedOut: false }), mayu, questions);

describe('the cluster', () => {
  test('is that of Mayu and of three members that agree', async () => {
    const { state, hosts, ssh } = await look(`${HOSTS}dhcp yes\n${HEALTHY}ssh 192.168.2.21\n`);
    expect(ssh).toEqual(['192.168.2.21']);
    expect(hosts).toHaveLength(4);
    expect(state.mayu).toMatchObject({ state: 'up', dhcp: true });
    expect(state.etcd).toEqual({
      quorum: true,
      members: [
        { name: 'core-01', address: '192.168.2.21', started: true, healthy: true, leader: false },
        { name: 'core-02', address: '192.168.2.22', started: true, healthy: true, leader: true },
        { name: 'core-03', address: '192.168.2.23', started: true, healthy: true, leader: false },
      ],
    });
    expect(`\n${clusterText(state)}\n`).toBe(`
Mayu: up, 4 machines
  core-02  192.168.2.21  running     core     0800278e158b-0
  core-01  192.168.2.22  running     core     0800278e158a-0
  -        192.168.2.23  installing  core     0800278e158d-0
  core-03  192.168.2.24  installing  default  0800278e158c-0

etcd: 3 members, 3 healthy, quorum, led by core-02
  core-01  192.168.2.21  healthy
  core-02  192.168.2.22  healthy  leader
  core-03  192.168.2.23  healthy
`);
  });

  test('without a majority has members and no quorum, and nobody leads', async () => {
    const { state } = await look(`${HOSTS}${ALONE}`);
    expect(state.etcd.quorum).toBe(false);
    expect(state.etcd.members.map(({ name, healthy, leader }) => [name, healthy, leader])).toEqual([
      ['core-01', false, false],
      ['core-02', false, false],
      ['core-03', false, false],
    ]);
    expect(clusterText(state)).toContain('etcd: 3 members, 0 healthy, no quorum, no leader');
  });

  test('is told by those that agree, not by one that was cut off in an earlier term', async () => {
    const stale = ALONE.replaceAll('192.168.2.21 {', '192.168.2.29 {').replace(
      '"raftTerm":"3"',
      '"raftTerm":"1","leader":"9"',
    );
    const two = HEALTHY.split('\n')
      .filter((line) => !line.startsWith('etcd 192.168.2.21'))
      .join('\n');
    const { state } = await look(`${HOSTS}${stale}${two}`);
    expect(state.etcd.quorum).toBe(true);
    expect(state.etcd.members.map(({ name, healthy, leader }) => [name, healthy, leader])).toEqual([
      ['core-01', false, false],
      ['core-02', true, true],
      ['core-03', true, false],
    ]);
  });

  test('has a member that was announced and has not started', async () => {
    const fresh = HEALTHY.replaceAll('"name":"core-03",', '').replaceAll(
      '"clientURLs":["http://192.168.2.23:2379"]',
      '"isLearner":true',
    );
    const { state } = await look(
      `${HOSTS}${fresh
        .split('\n')
        .filter((line) => !line.startsWith('etcd 192.168.2.23'))
        .join('\n')}`,
    );
    expect(state.etcd.members[0]).toEqual({
      name: '',
      address: '192.168.2.23',
      started: false,
      healthy: false,
      leader: false,
    });
    expect(clusterText(state)).toContain('-        192.168.2.23  not started');
  });

  test.each([
    '',
    'etcd 192.168.2.21 404 page not found\n',
    'etcd 192.168.2.21 {"error":"x","code":12}\n',
    'etcd x [1\n',
  ])('has no members where etcd answers %j', async (answer) => {
    const { state } = await look(`${HOSTS}${answer}`);
    expect(state.etcd).toEqual({ members: [], quorum: false });
    expect(clusterText(state)).toContain('etcd: no member answers');
  });

  test('says that Mayu is down, and why; etcd goes on', async () => {
    const down = 'mayu 7 curl: (7) Failed to connect\nmayu 7 LoadState=loaded\nmayu 7 ActiveState=failed\ndhcp no\n';
    const { state, hosts } = await look(down + HEALTHY);
    expect(hosts).toBeUndefined();
    expect(state.mayu).toEqual({
      state: 'down',
      reason: 'Its service mayu does not run. curl: (7) Failed to connect',
      dhcp: false,
      hosts: [],
    });
    expect(state.etcd.quorum).toBe(true);
    expect((await look('mayu 0 <html>\n')).state.mayu.state).toBe('down');
  });

  test('says whether something listens where the update server does', async () => {
    expect((await look(`${HOSTS}updates yes\n`)).updates).toBe(true);
    expect((await look(`${HOSTS}updates no\n`)).updates).toBe(false);
    expect(await look(HOSTS)).not.toHaveProperty('updates');
  });

  test('says that a Mayu without its DHCP server needs a restart', async () => {
    expect(clusterText((await look(`${HOSTS}dhcp no\n`)).state)).toMatch(
      /^Mayu: up, 4 machines, but nobody serves DHCP: restart/,
    );
  });

  test('is unknown while the provisioner cannot be asked', async () => {
    const fault = new LabError({ code: 'PROVISIONER_OFF', message: 'core-provisioner does not run.', remedy: [] });
    const { state } = await lookAtCluster(() => Promise.reject(fault), mayu, questions);
    expect(state).toEqual({
      mayu: { state: 'unknown', reason: 'core-provisioner does not run.', hosts: [] },
      etcd: { members: [], quorum: false },
    });
    expect(clusterText(state)).toBe('Mayu: not known. core-provisioner does not run.\n\netcd: no member answers');
    const late = { exitCode: null, stdout: '', stderr: '', timedOut: true };
    expect((await lookAtCluster(async () => late, mayu, questions)).state.mayu).toMatchObject({ state: 'unknown' });
  });
});
