import { describe, expect, test } from 'vitest';
import type { ClusterState } from './cluster-state.js';
import { clusterText, etcdSentence } from './cluster-text.js';
import { machinesText, namedByMachine, quorumWait, quorumWaitText } from './quorum-wait.js';

const nodes = (running: readonly string[], all = ['core-01', 'core-02', 'core-03']) =>
  all.map((name) => ({ name, added: name === 'core-04', running: running.includes(name) }));
const hosts = (profiles: Record<string, string>) =>
  Object.entries(profiles).map(([machine, profile]) => ({ machine, serial: machine, state: 'installing', profile }));
const state = (profiles: Record<string, string>, members: readonly string[] = [], quorum = false): ClusterState => ({
  mayu: { state: 'up', hosts: hosts(profiles) },
  etcd: {
    quorum,
    members: members.map((name) => ({ name, started: true, healthy: quorum, leader: false })),
  },
});
const ALL = ['core-01', 'core-02', 'core-03'];

describe('a cluster waits for members', () => {
  test('that were not started, when one alone was', () => {
    expect(quorumWait(state({ 'core-01': 'core' }), nodes(['core-01']))).toEqual({
      more: 1,
      machines: ['core-02', 'core-03'],
    });
    expect(quorumWait(state({ 'core-02': 'core' }), nodes(['core-02']))?.machines).toEqual(['core-01', 'core-03']);
  });

  test('that are off, when it had a quorum once', () => {
    expect(quorumWait(state({}, ALL), nodes(['core-03']))).toEqual({ more: 1, machines: ['core-01', 'core-02'] });
    const five = [...ALL, 'core-04', 'core-05'];
    expect(quorumWait(state({}, five), nodes(['core-01'], five))).toEqual({
      more: 2,
      machines: ['core-02', 'core-03', 'core-04'],
    });
  });

  test('but not where it works, where enough run, or where nobody is to become a member', () => {
    expect(quorumWait(state({ 'core-01': 'core' }, ALL, true), nodes(['core-01']))).toBeUndefined();
    expect(quorumWait(state({ 'core-01': 'core' }), nodes(['core-01', 'core-02']))).toBeUndefined();
    expect(quorumWait(state({}, ALL), nodes(['core-01', 'core-03']))).toBeUndefined();
    // Mayu has not heard of it: what it waits for is something else.
    expect(quorumWait(state({}), nodes(['core-01']))).toBeUndefined();
    expect(quorumWait(state({}), nodes([]))).toBeUndefined();
    expect(quorumWait(state({ 'core-01': 'core' }), nodes(['core-01'], ['core-01']))).toBeUndefined();
  });

  test('not for one that is no member', () => {
    const four = [...ALL, 'core-04'];
    expect(quorumWait(state({ 'core-01': 'core' }), nodes(['core-01', 'core-04'], four))).toEqual({
      more: 1,
      machines: ['core-02', 'core-03'],
    });
    const replaced = state({ 'core-01': 'core', 'core-04': 'core', 'core-02': 'default' });
    expect(quorumWait(replaced, nodes(['core-01'], four))?.machines).toEqual(['core-03', 'core-04']);
  });
});

test('it says so, with the command that helps', () => {
  expect(quorumWaitText({ more: 1, machines: ['core-02', 'core-03'] })).toBe(
    'waits for one more member: core-02 or core-03 (coreos-lab up core-02)',
  );
  expect(quorumWaitText({ more: 2, machines: ['core-02', 'core-03'] })).toBe(
    'waits for 2 more members: core-02 and core-03 (coreos-lab up core-02 core-03)',
  );
  expect(machinesText({ more: 1, machines: ['core-02', 'core-03', 'core-04'] })).toBe('core-02, core-03 or core-04');
  const waits = { more: 1, machines: ['core-02'] };
  expect(etcdSentence({ members: [], quorum: false, waits })).toBe(
    'etcd: no member answers; waits for one more member: core-02 (coreos-lab up core-02)',
  );
  const formed = state({}, ['core-01', 'core-02', 'core-03']);
  expect(clusterText({ ...formed, etcd: { ...formed.etcd, waits } })).toContain(
    'etcd: 3 members, 0 healthy, no quorum, no leader; waits for one more member: core-02 (coreos-lab up core-02)',
  );
});

test('members have the names of their machines, where these are known', () => {
  const member = { started: true, healthy: true, leader: false };
  const etcd = {
    quorum: true,
    members: [
      { ...member, name: '192-168-2-21', address: '192.168.2.21' },
      { ...member, name: '192-168-2-29', address: '192.168.2.29' },
      { ...member, name: '', address: '192.168.2.22', started: false },
    ],
  };
  const machines = new Map([
    ['192.168.2.21', 'core-02'],
    ['192.168.2.22', 'core-01'],
  ]);
  expect(namedByMachine(etcd, machines).members.map(({ name }) => name)).toEqual(['core-02', '192-168-2-29', '']);
});
