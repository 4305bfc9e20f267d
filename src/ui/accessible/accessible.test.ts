import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { MachineConfig } from '../../engine/config/lab-config.js';
import type { UiResult } from '../options.js';
import { startUi } from '../start.js';
import { type FakePlan, FakeWorkshop } from '../testing/fake-workshop.js';
import { fixtureConfig, provisionerUp } from '../testing/fixture-lab.js';
import { failingScript, statusScript } from '../testing/scripts.js';

const now = () => Date.UTC(2026, 0, 2, 14, 3, 11);
const sleep = async () => {};

async function run(
  answers: string[],
  plan: FakePlan = {},
): Promise<{ text: string; result: UiResult; calls: string[] }> {
  const workshop = new FakeWorkshop({
    now,
    steps: { 'sandbox/overview': statusScript(sleep), 'sandbox/bats': failingScript(sleep) },
    ...plan,
  });
  const stdout = new PassThrough();
  let text = '';
  stdout.on('data', (chunk) => {
    text += chunk;
  });
  const result = await startUi({
    workshop,
    mode: 'accessible',
    version: '0.1.0',
    initial: { screen: 'home' },
    color: false,
    unicode: true,
    interactive: async () => 0,
    stdin: Object.assign(new PassThrough().end(answers.join('\n')), { isTTY: false }) as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
  });
  return { text, result, calls: workshop.calls };
}

test('a lesson is read and run by answering questions', async () => {
  process.env.TZ = 'UTC';
  const { text, result, calls } = await run(['1', '', 'n', 'q', 'q']);
  expect(calls).toEqual(['runStep sandbox/overview']);
  expect(result).toEqual({ machines: 'leave', exitCode: 0 });
  await expect(text).toMatchFileSnapshot('../testing/golden/accessible.txt');
});

test('only lines: nothing moves the cursor or draws over what was said', async () => {
  const { text } = await run(['1', '', 'q', 'e', 'status', 'nonsense', 'q', 'q']);
  expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/);
  expect(text).toContain('There is no command nonsense: use one of: status, cluster, updates');
});

test('a failed step says why, what to do, and can be run again', async () => {
  const { text, calls } = await run(['1', 'n', 'n', 'n', '', '', 'q', 'q']);
  expect(calls).toEqual(['runStep sandbox/bats', 'runStep sandbox/bats']);
  expect(text).toContain('why: The folder /opt is mounted read-only.');
  expect(text).toContain('Step failed. enter runs it again, h gives a hint.');
});

test('no input at all: says what there is, and ends', async () => {
  const { text, result } = await run([]);
  expect(text).toContain('1. Up the sandbox environment, 0 of 6 steps done');
  expect(result.exitCode).toBe(0);
});

test('machines that run are asked about, and left alone without an answer', async () => {
  expect((await run(['q', 'halt'], { status: provisionerUp })).result.machines).toBe('halt');
  expect((await run(['q', 'nonsense'], { status: provisionerUp })).result.machines).toBe('leave');
  expect((await run([], { status: provisionerUp })).text).toContain('Still running: core-provisioner');
});

test('exploring acts on machines; destroying asks first', async () => {
  const done: string[] = [];
  const lab: FakePlan['lab'] = {
    up: async (names) => void done.push(`up ${names}`),
    destroy: async (names) => void done.push(`destroy ${names}`),
  };
  await run(['e', 'up core-01 core-02', 'destroy core-01', 'no', 'destroy core-01', 'yes', 'q', 'q'], { lab });
  expect(done).toEqual(['up core-01,core-02', 'destroy core-01']);
});

test('exploring adds a node and removes it, which asks first', async () => {
  const done: string[] = [];
  const machines = [...fixtureConfig.machines];
  const lab: FakePlan['lab'] = {
    config: { ...fixtureConfig, machines },
    add: async (name) => {
      const added = { ...(machines[1] as MachineConfig), name: name ?? 'core-04', added: true as const };
      done.push(`add ${name}`);
      machines.push(added);
      return added;
    },
    remove: async (name) => void done.push(`remove ${name}`),
  };
  const { text } = await run(
    ['e', 'add', 'add core-07', 'remove core-04', 'no', 'remove core-07', 'yes', 'remove core-01', 'q', 'q'],
    { lab },
  );
  // The lab itself says what may not be removed.
  expect(done).toEqual(['add undefined', 'add core-07', 'remove core-07', 'remove core-01']);
  expect(text).toContain('Delete core-04 with its disk and its savepoints, and let Mayu forget it? Type yes or no');
});

test('exploring tells the cluster in lines', async () => {
  const lab: FakePlan['lab'] = {
    cluster: async () => ({
      mayu: { state: 'up', hosts: [{ serial: 's', machine: 'core-01', ip: '192.168.2.21', state: 'installing' }] },
      etcd: { members: [], quorum: false, waits: { more: 1, machines: ['core-02'] } },
    }),
  };
  const { text } = await run(['e', 'cluster', 'q', 'q'], { lab });
  expect(text).toContain('  Mayu: up, 1 machine\n    core-01  192.168.2.21  installing');
  expect(text).toContain('  etcd: no member answers; waits for one more member: core-02 (coreos-lab up core-02)\n');
});

test('exploring tells the updates in lines', async () => {
  const lab: FakePlan['lab'] = {
    updates: async () => ({
      server: { state: 'down', reason: 'Nobody answers.', groups: [] },
      lock: { state: 'free', holders: [] },
      nodes: [{ machine: 'core-01', state: 'answers', version: '1.1.0' }],
    }),
  };
  const { text } = await run(['e', 'updates', 'q', 'q'], { lab });
  expect(text).toContain('  Update server: down. Nobody answers.');
  expect(text).toMatch(/^ {4}core-01 .*1\.1\.0/m);
});

test('a fault that nobody planned is said, and the workshop goes on', async () => {
  const { text } = await run(['e', 'up core-01', 'status', 'q', 'q']);
  expect(text).toContain('unplanned: lab.up');
  expect(text.lastIndexOf('core-03: not created')).toBeGreaterThan(text.indexOf('unplanned'));
});
