import { expect, test } from 'vitest';
import type { ClusterState } from '../../engine/cluster/cluster-state.js';
import type { LabEventBody } from '../../engine/events.js';
import { createPlainReporter } from './plain-reporter.js';

function lines(...bodies: LabEventBody[]): string[] {
  const written: string[] = [];
  const report = createPlainReporter((text) => written.push(text), { color: false, verbose: false });
  bodies.forEach((body, index) => {
    report({ seq: index + 1, time: 10_000, ...body });
  });
  return written.join('').trimEnd().split('\n');
}

test('a wait that learns more is told once, and again at its end', () => {
  const wait = { type: 'wait', id: 'ssh:core-01', since: 1000 } as const;
  expect(
    lines(
      { ...wait, label: 'core-01: waiting for an address from Mayu (dhcp)' },
      { ...wait, label: 'core-01: waiting for ssh at 192.168.2.21 (install)' },
      { ...wait, label: 'core-01: waiting for ssh', done: true, ok: true },
      { ...wait, label: 'core-01: waiting for ssh' },
    ),
  ).toEqual([
    '  … core-01: waiting for an address from Mayu (dhcp)',
    '  ✓ core-01: waiting for ssh: 0:09',
    '  … core-01: waiting for ssh',
  ]);
});

test('of the cluster only what changed is told', () => {
  const mayu = (state: string): ClusterState['mayu'] => ({
    state: 'up',
    hosts: [{ machine: 'core-01', serial: 's1', state }],
  });
  const none = { members: [], quorum: false };
  const member = { name: 'core-01', started: true, healthy: true, leader: true };
  expect(
    lines(
      { type: 'cluster', mayu: { state: 'down', reason: 'It ended.', hosts: [] }, etcd: none },
      { type: 'cluster', mayu: mayu('installing'), etcd: none },
      { type: 'cluster', mayu: mayu('running'), etcd: none },
      { type: 'cluster', mayu: mayu('running'), etcd: { members: [member], quorum: true } },
      { type: 'cluster', mayu: mayu('running'), etcd: none },
    ),
  ).toEqual([
    '  · Mayu: down. It ended.',
    '  · Mayu: up, 1 machine (core-01 installing)',
    '  · Mayu: up, 1 machine (core-01 running)',
    '  · etcd: 1 member, 1 healthy, quorum, led by core-01',
    '  · etcd: no member answers',
  ]);
});

test('of updates the server and what nodes do are told when they change, a download once', () => {
  const group = {
    name: 'lab',
    track: 'lab',
    version: '1.1.0',
    enabled: true,
    safeMode: false,
    rollout: true,
    instances: 1,
  };
  const state = (operation: string, percent?: number): LabEventBody => ({
    type: 'updates',
    server: { state: 'up', groups: [group] },
    lock: { state: 'never', holders: [] },
    nodes: [
      {
        machine: 'core-01',
        state: 'answers',
        version: '1.0.0',
        engine: { running: true, operation, ...(percent === undefined ? {} : { percent }) },
      },
    ],
  });
  expect(lines(state('DOWNLOADING', 5), state('DOWNLOADING', 10), state('VERIFYING'))).toEqual([
    '  · Update server: up, group lab gives 1.1.0, rollout in progress',
    '  · Updates: 0 of 1 on 1.1.0, core-01 downloads',
    '  · Updates: 0 of 1 on 1.1.0, core-01 verifies',
  ]);
});

const ref = { lesson: 'sandbox', step: 'up', attempt: 1 } as const;

test('what a lab block prints about its machines is not told a second time', () => {
  const up = { ...ref, action: 'up', executor: 'lab' } as const;
  expect(
    lines(
      { type: 'machine', machine: 'core-01', state: 'running' },
      { type: 'action', status: 'started', ...up, source: 'up core-01\n' },
      { type: 'stage', machine: 'core-01', stage: 'ssh', sinceStart: 1500 },
      { type: 'output', ...ref, action: 'up', stream: 'stdout', text: 'core-01: ssh after 1.5 s\n' },
      { type: 'action', status: 'passed', ...up, duration: 2000 },
      { type: 'machine', machine: 'core-01', state: 'poweroff' },
    ),
  ).toEqual([
    '  · core-01: running',
    '  ▸ up core-01',
    '    core-01: ssh after 1.5 s',
    '  ✓ up in 2.0 s',
    '  · core-01: poweroff',
  ]);
});

test('the results of a check are told once; what else it prints stays', () => {
  const bats = { ...ref, action: 'is-up', executor: 'bats' } as const;
  const output = { type: 'output', ...ref, action: 'is-up', stream: 'stdout' } as const;
  expect(
    lines(
      { type: 'action', status: 'started', ...bats, on: 'core-01' },
      { ...output, text: '1..2\nok 1 one\n' },
      { type: 'check', ...ref, action: 'is-up', name: 'one', ok: true },
      { ...output, text: 'a word\nnot ok 2 two\n# because' },
      { type: 'check', ...ref, action: 'is-up', name: 'two', ok: false, diagnostics: ['because'] },
      { type: 'action', status: 'failed', ...bats, exitCode: 1 },
    ),
  ).toEqual([
    '  ▸ check on core-01',
    '    ✓ one',
    '    a word',
    '    ✗ two',
    '      because',
    '  ✗ is-up ended with exit code 1',
  ]);
});
