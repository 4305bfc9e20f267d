import { describe, expect, test } from 'vitest';
import type { BootStage, LabEvent, LabEventBody } from '../../engine/events.js';
import { initialLabState, type LabState, type MachineView, stepKey } from './lab-state.js';
import { closeHistory, reduce } from './reduce.js';
import { applyStatus, isBooting } from './reduce-machines.js';

const machines = [
  { name: 'core-provisioner', role: 'provisioner' as const, ip: '192.168.2.2' },
  { name: 'core-01', role: 'node' as const },
];
const at = { lesson: 'sandbox', step: 'up', attempt: 1 };
const action = { ...at, action: 'up' };

function fold(bodies: LabEventBody[], from: LabState = initialLabState(machines)): LabState {
  return bodies.reduce((state, body, index) => {
    const event = { seq: state.seq + 1, time: 1000 * (index + 1), ...body } as LabEvent;
    return reduce(state, event);
  }, from);
}

const step = (state: LabState) => state.steps[stepKey('sandbox', 'up')];
const begun: LabEventBody[] = [
  { type: 'step', status: 'started', ...at },
  { type: 'action', status: 'started', executor: 'lab', source: 'up core-01', ...action },
];

describe('machines', () => {
  test('a boot: power, stages with percent, ssh', () => {
    const booting = fold([
      { type: 'machine', machine: 'core-01', state: 'starting' },
      { type: 'stage', machine: 'core-01', stage: 'firmware', sinceStart: 500 },
      { type: 'stage', machine: 'core-01', stage: 'ignition', percent: 62, sinceStart: 1500 },
    ]);
    expect(booting.machines[1]).not.toHaveProperty('ssh');
    expect(booting.machines[1]).toMatchObject({
      state: 'running',
      stages: ['firmware', 'ignition'],
      percent: 62,
      since: 1500,
    });
    expect(isBooting(booting.machines[1] as never)).toBe(true);
    const ssh = fold([{ type: 'stage', machine: 'core-01', stage: 'ssh', sinceStart: 900 }], booting);
    expect(ssh.machines[1]).toMatchObject({ ssh: true });
    expect(ssh.machines[1]).not.toHaveProperty('percent');
    expect(isBooting(ssh.machines[1] as never)).toBe(true);
    const up = fold([{ type: 'stage', machine: 'core-01', stage: 'running', sinceStart: 1900 }], ssh);
    expect(isBooting(up.machines[1] as never)).toBe(false);
    const first = fold([{ type: 'stage', machine: 'core-provisioner', stage: 'ssh', sinceStart: 900 }]);
    expect(isBooting(first.machines[0] as never)).toBe(false);
  });

  test('power off forgets the boot; a second boot begins anew', () => {
    const off = fold([
      { type: 'machine', machine: 'core-01', state: 'running' },
      { type: 'stage', machine: 'core-01', stage: 'ssh', sinceStart: 900 },
      { type: 'machine', machine: 'core-01', state: 'aborted', detail: 'qemu died' },
    ]);
    expect(off.machines[1]).toEqual({
      name: 'core-01',
      role: 'node',
      state: 'aborted',
      stages: [],
      detail: 'qemu died',
    });
    const again = fold([{ type: 'machine', machine: 'core-01', state: 'starting' }], off);
    expect(again.machines[1]).toEqual({ name: 'core-01', role: 'node', state: 'starting', stages: [], since: 1000 });
  });

  const stage = (name: BootStage, more: { percent?: number; usual?: number } = {}): LabEventBody => ({
    type: 'stage',
    machine: 'core-01',
    stage: name,
    sinceStart: 1000,
    ...more,
  });
  const node = (state: LabState) => state.machines[1] as MachineView;

  test('the reboot after the installation keeps what was passed; ssh of the system in memory is forgotten', () => {
    const over = (['firmware', 'dhcp', 'ipxe', 'kernel', 'ignition', 'system', 'ssh'] as const).map((each) =>
      stage(each),
    );
    const installing = fold([...over, stage('install'), stage('install', { percent: 40, usual: 90_000 })]);
    expect(node(installing)).toMatchObject({ percent: 40, usualRunning: 90_000 });
    expect(node(installing)).not.toHaveProperty('ssh');
    expect(node(installing).stages.slice(-2)).toEqual(['ignition', 'install']);
    const booted = fold([stage('reboot'), stage('disk'), stage('system')], installing);
    expect(node(booted).stages).toEqual([
      ...(['firmware', 'dhcp', 'ipxe', 'kernel', 'ignition', 'install', 'reboot', 'disk', 'system'] as const),
    ]);
    expect(node(booted)).toMatchObject({ usualRunning: 90_000 });
    const again = fold([stage('etcd'), stage('ssh'), stage('running'), stage('firmware')], booted);
    expect(node(again).stages).toEqual(['firmware']);
    expect(node(again)).not.toHaveProperty('ssh');
  });

  test('stages that are told late take nothing back', () => {
    const late = fold([stage('disk'), stage('system'), stage('running'), stage('ssh'), stage('etcd'), stage('ssh')]);
    expect(node(late).stages).toEqual(['disk', 'system', 'ssh', 'etcd', 'running']);
    expect(node(late)).toMatchObject({ ssh: true });
  });

  test('a node whose disk cannot be booted begins again at the network', () => {
    const back = fold([stage('kernel'), stage('install'), stage('reboot'), stage('dhcp')]);
    expect(node(back).stages).toEqual(['dhcp']);
  });

  test('the cluster tells the profile and the health of the member; what etcd says is enough to be up', () => {
    const cluster = (profile: string, healthy: boolean, leader = false): LabEventBody => ({
      type: 'cluster',
      mayu: {
        state: 'up',
        hosts: [{ machine: 'core-01', serial: 's', ip: '192.168.2.21', state: 'installing', profile }],
      },
      etcd: { quorum: true, members: [{ name: 'core-01', started: true, healthy, leader }] },
    });
    const ssh = fold([stage('kernel'), stage('ssh')]);
    expect(isBooting(node(fold([cluster('core', false)], ssh)))).toBe(true);
    expect(node(fold([cluster('core', false)], ssh))).toMatchObject({
      ip: '192.168.2.21',
      profile: 'core',
      etcd: 'ill',
    });
    expect(isBooting(node(fold([cluster('core', true)], ssh)))).toBe(false);
    expect(node(fold([cluster('core', true, true)], ssh))).toMatchObject({ etcd: 'leader' });
    // A node that is no member is up by ssh.
    const other = fold([cluster('default', false)], ssh);
    expect(isBooting(node(other))).toBe(false);
    expect(isBooting({ ...node(ssh), added: true })).toBe(false);
    const anew = fold([cluster('core', true), stage('firmware')], ssh);
    expect(node(anew)).not.toHaveProperty('etcd');
    // One member alone waits for the others, until enough of them are there.
    const alone = cluster('core', false) as Extract<LabEventBody, { type: 'cluster' }>;
    const waits = { more: 1, machines: ['core-02', 'core-03'] };
    const waiting = fold([{ ...alone, etcd: { ...alone.etcd, quorum: false, waits } }], ssh);
    expect(node(waiting)).toMatchObject({ waitsFor: 'core-02 or core-03' });
    expect(node(fold([cluster('core', true)], waiting))).not.toHaveProperty('waitsFor');
    expect(node(fold([stage('firmware')], waiting))).not.toHaveProperty('waitsFor');
  });

  test('a repeated state keeps what is known', () => {
    const state = fold([
      { type: 'machine', machine: 'core-01', state: 'starting' },
      { type: 'stage', machine: 'core-01', stage: 'kernel', sinceStart: 1000 },
      { type: 'machine', machine: 'core-01', state: 'running' },
    ]);
    expect(state.machines[1]).toMatchObject({ stages: ['kernel'], since: 1000 });
  });

  test('how long ssh usually takes comes from waits', () => {
    const state = fold([{ type: 'wait', id: 'w1', label: 'core-01: waiting for ssh', since: 1000, usual: 70_000 }]);
    expect(state.machines.map(({ usual }) => usual)).toEqual([undefined, 70_000]);
  });

  test('a status query fills in addresses, ssh and the time of power-on; machines nobody declared are added', () => {
    const state = applyStatus(
      initialLabState(machines),
      [
        { name: 'core-01', role: 'node', state: 'running', ip: '192.168.2.21', ssh: true, uptime: 4000 },
        { name: 'core-provisioner', role: 'provisioner', state: 'not_created' },
        { name: 'extra', role: 'node', state: 'poweroff', added: true },
      ],
      10_000,
    );
    expect(state.machines[1]).toMatchObject({ state: 'running', ip: '192.168.2.21', ssh: true, since: 6000 });
    expect(state.machines[2]).toMatchObject({ name: 'extra', state: 'poweroff', added: true });
    const [first] = state.machines;
    const removed = applyStatus(state, [{ name: 'core-provisioner', role: 'provisioner', state: 'running' }], 20_000);
    expect(removed.machines.map(({ name }) => name)).toEqual([first?.name]);
  });
});

describe('steps', () => {
  test('an attempt with actions, checks, waits, progress and output', () => {
    const state = fold([
      ...begun,
      { type: 'wait', id: 'ssh', label: 'waiting for ssh', since: 2000, usual: 1000 },
      { type: 'progress', id: 'copy', label: 'copying', unit: 'bytes', done: 5, total: 10 },
      { type: 'output', stream: 'stdout', text: 'hello\n', ...action },
      { type: 'check', name: 'it works', ok: false, diagnostics: ['no'], ...action },
      { type: 'check', name: 'it works', ok: true, ...action },
      { type: 'wait', id: 'ssh', label: 'waiting for ssh', since: 2000, done: true, ok: true },
      { type: 'action', status: 'passed', executor: 'lab', duration: 5000, exitCode: 0, ...action },
      { type: 'step', status: 'passed', duration: 6000, ...at },
    ]);
    const latest = step(state)?.latest;
    expect(latest).toMatchObject({ attempt: 1, status: 'passed', duration: 6000 });
    expect(latest?.actions).toHaveLength(1);
    expect(latest?.actions[0]).toMatchObject({
      status: 'passed',
      tail: 'hello\n',
      source: 'up core-01',
      waits: [{ id: 'ssh', ended: 8000, ok: true }],
      progress: [{ id: 'copy', done: 5, total: 10, finished: false }],
    });
    expect(latest?.actions[0]?.checks.map(({ ok }) => ok)).toEqual([true]);
    expect(state.running).toBeUndefined();
    expect(state.waits).toEqual([]);
  });

  test('a rerun is a new attempt with nothing of the old one; late news of the old one changes nothing', () => {
    const second = { ...at, attempt: 2 };
    const state = fold([
      ...begun,
      { type: 'step', status: 'failed', ...at, failure: { code: 'X', message: 'no', remedy: [] } },
      { type: 'step', status: 'started', ...second },
      { type: 'output', stream: 'stdout', text: 'late', ...action },
      { type: 'step', status: 'interrupted', ...at },
    ]);
    expect(step(state)).toMatchObject({ status: 'started', latest: { attempt: 2, actions: [] } });
  });

  test('cancelled: what was running is cancelled too', () => {
    const state = fold([...begun, { type: 'step', status: 'cancelled', ...at }]);
    expect(step(state)?.latest).toMatchObject({ status: 'cancelled', actions: [{ status: 'cancelled' }] });
  });

  test('skipped without an attempt', () => {
    const state = fold([{ type: 'step', status: 'skipped', ...at }]);
    expect(step(state)).toEqual({ lesson: 'sandbox', step: 'up', status: 'skipped' });
  });

  test('what an earlier session left running was interrupted', () => {
    const state = closeHistory(fold(begun));
    expect(step(state)).toMatchObject({ status: 'interrupted', latest: { actions: [{ status: 'cancelled' }] } });
    expect(state.running).toBeUndefined();
  });

  test('waits and progress outside any step belong to the lab and go when they end', () => {
    const waiting = fold([
      { type: 'wait', id: 'off', label: 'waiting for power off', since: 1 },
      { type: 'progress', id: 'b', label: 'building', unit: 'steps', done: 1, total: 9 },
    ]);
    expect([waiting.waits.length, waiting.progress.length]).toEqual([1, 1]);
    const done = fold(
      [
        { type: 'wait', id: 'off', label: 'waiting for power off', since: 1, done: true },
        { type: 'progress', id: 'b', label: 'building', unit: 'steps', done: 9, total: 9, finished: true },
      ],
      waiting,
    );
    expect([done.waits, done.progress]).toEqual([[], []]);
  });
});

describe('cost', () => {
  test('unrelated parts stay the same objects', () => {
    const before = fold(begun);
    const after = fold([{ type: 'machine', machine: 'core-01', state: 'starting' }], before);
    expect(after.steps).toBe(before.steps);
    expect(after.machines[0]).toBe(before.machines[0]);
    const output = fold([{ type: 'output', stream: 'stdout', text: 'x', ...action }], before);
    expect(output.machines).toBe(before.machines);
  });

  test('output, commands and notices do not accumulate', () => {
    const flood = Array.from({ length: 500 }, (_, n): LabEventBody[] => [
      { type: 'output', stream: 'stdout', text: `line ${n}\n`.repeat(100), ...action },
      { type: 'command', line: `command ${n}` },
      { type: 'notice', level: 'info', text: `notice ${n}` },
      { type: 'console', machine: 'core-01', offset: n, length: 1 },
    ]).flat();
    const state = fold([...begun, ...flood]);
    expect(JSON.stringify(state).length).toBeLessThan(12_000);
    expect(state.commands).toBe(500);
    expect(state.notices.at(-1)?.text).toBe('notice 499');
  });
});
