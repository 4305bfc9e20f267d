import { describe, expect, test } from 'vitest';
import type { LabEvent, LabEventBody } from '../../engine/events.js';
import { initialLabState, type LabState, stepKey } from './lab-state.js';
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
    expect(booting.machines[1]).toMatchObject({
      state: 'running',
      stages: ['firmware', 'ignition'],
      percent: 62,
      since: 1500,
    });
    expect(isBooting(booting.machines[1] as never)).toBe(true);
    const up = fold([{ type: 'stage', machine: 'core-01', stage: 'ssh', sinceStart: 900 }], booting);
    expect(up.machines[1]).toMatchObject({ ssh: true });
    expect(up.machines[1]).not.toHaveProperty('percent');
    expect(isBooting(up.machines[1] as never)).toBe(false);
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
