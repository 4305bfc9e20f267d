import { afterEach, describe, expect, test } from 'vitest';
import { LabError } from '../../engine/errors.js';
import type { Lab, MachineStatus, Savepoint } from '../../engine/lab.js';
import type { MachineView } from '../state/lab-state.js';
import type { FakePlan } from '../testing/fake-workshop.js';
import { nothingCreated, provisionerUp } from '../testing/fixture-lab.js';
import { key, TestScreen } from '../testing/screen.js';
import { beginExploring, changes, record } from './explore-state.js';

let screen: TestScreen;
afterEach(() => screen?.close());

/** A lab that keeps its states, and what was asked of it. */
function lab(status: MachineStatus[]) {
  const calls: string[] = [];
  const plan: FakePlan = { status };
  const set = (names: readonly string[], state: MachineStatus['state']) => {
    screen.workshop.status = screen.workshop.status.map((row) => (names.includes(row.name) ? { ...row, state } : row));
    for (const machine of names) screen.workshop.emit({ type: 'machine', machine, state });
  };
  const savepoints: Savepoint[] = [];
  plan.lab = {
    up: async (names) => {
      calls.push(`up ${names}`);
      set(names, 'running');
    },
    halt: async (names, options) => {
      calls.push(`halt ${names}${options?.force ? ' by force' : ''}`);
      set(names, 'poweroff');
    },
    destroy: async (names) => {
      calls.push(`destroy ${names}`);
      set(names, 'not_created');
    },
    exec: async (name, script, options) => {
      calls.push(`exec ${name} ${script}`);
      options?.onStdout?.(Buffer.from(`${name} says \u001B[2Jhello\n`));
      return { exitCode: script === 'false' ? 1 : 0 } as Awaited<ReturnType<Lab['exec']>>;
    },
    add: async () => {
      calls.push('add');
      screen.workshop.status = [
        ...screen.workshop.status,
        { name: 'core-04', role: 'node', state: 'not_created', added: true },
      ];
      screen.workshop.emit({ type: 'machine', machine: 'core-04', state: 'not_created' });
      return { name: 'core-04' } as Awaited<ReturnType<Lab['add']>>;
    },
    remove: async (name) => {
      calls.push(`remove ${name}`);
      screen.workshop.status = screen.workshop.status.filter((row) => row.name !== name);
    },
    save: async (name) => {
      calls.push(`save ${name}`);
      savepoints.push({ name, time: 0, machines: ['core-provisioner'], bytes: 1_000_000 });
    },
    restore: async (name) => {
      calls.push(`restore ${name}`);
    },
    savepoints: async () => [...savepoints],
    link: async (name, up) => {
      calls.push(`link ${name} ${up}`);
    },
  };
  return { calls, plan };
}

async function explore(plan: FakePlan, size = { columns: 120, rows: 36 }): Promise<void> {
  screen = new TestScreen(plan, size);
  await screen.until('hardware acceleration');
  await screen.press('e');
  await screen.until('Explore freely');
}

describe('exploring', () => {
  test('starts the machine that is chosen; leaving says what changed', async () => {
    const { calls, plan } = lab(nothingCreated);
    await explore(plan);
    expect(await screen.frame()).not.toContain('shell over ssh');
    await screen.press('j', 'u');
    await screen.until('core-01 was started');
    expect(calls).toEqual(['up core-01']);
    await screen.until('shell over ssh');
    await screen.press('q');
    const frame = await screen.until('What you changed');
    expect(frame).toContain('core-01: not created, now running');
    await screen.press(key.enter);
    await screen.until('Up the sandbox');
  });

  test('leaving without a change says nothing', async () => {
    await explore(lab(nothingCreated).plan);
    await screen.press(key.esc);
    expect(await screen.frame()).toContain('Up the sandbox environment');
  });

  test('runs a command, shows what it prints, and recalls it', async () => {
    const { calls, plan } = lab(provisionerUp);
    await explore(plan);
    await screen.press('x', 'uname -a', key.enter);
    await screen.until('core-provisioner says hello');
    expect(calls).toEqual(['exec core-provisioner uname -a']);
    await screen.press('x', key.up);
    expect(await screen.until('Command: uname -a')).toBeTruthy();
    await screen.press(key.esc);
    expect(calls).toHaveLength(1);
  });

  test('runs a command on every machine that runs, and says where it failed', async () => {
    const both = provisionerUp.map((row) => (row.name === 'core-01' ? { ...row, state: 'running' as const } : row));
    const { calls, plan } = lab(both);
    await explore(plan);
    await screen.press('X', 'false', key.enter);
    const frame = await screen.until('The command did not end well: false');
    expect(frame).toContain('core-01: exit code 1');
    expect(calls.sort()).toEqual(['exec core-01 false', 'exec core-provisioner false']);
  });

  test('destroying asks for the name of the machine', async () => {
    const { calls, plan } = lab(provisionerUp);
    await explore(plan);
    await screen.press('D', 'nonsense', key.enter);
    expect(calls).toEqual([]);
    await screen.press(key.esc, 'D', 'core-provisioner', key.enter);
    await screen.until('core-provisioner was destroyed');
    expect(calls).toEqual(['destroy core-provisioner']);
  });

  test('adds a machine, which is chosen then, and removes it again', async () => {
    const { calls, plan } = lab(nothingCreated);
    await explore(plan);
    await screen.press('A');
    expect(calls).toEqual([]);
    await screen.press('a');
    await screen.until('a machine was added to the lab');
    await screen.until('core-04');
    await screen.press('A', 'core-04', key.enter);
    await screen.until('core-04 was removed from the lab');
    expect(calls).toEqual(['add', 'remove core-04']);
    expect(await screen.frame()).not.toMatch(/core-04 +not created/);
  });

  test('saves and brings back', async () => {
    const { calls, plan } = lab(provisionerUp);
    await explore(plan);
    await screen.press('v');
    await screen.until('Name: explore-1');
    await screen.press(key.enter);
    await screen.until('Savepoint explore-1 was saved');
    await screen.until('Savepoints');
    await screen.press('b', key.enter, 'y');
    await screen.until('Savepoint explore-1 was restored');
    expect(calls).toEqual(['save explore-1', 'restore explore-1']);
  });

  test('pulls the cable and plugs it in again', async () => {
    const { calls, plan } = lab(provisionerUp);
    await explore(plan);
    await screen.press('i');
    await screen.until('plug its network cable in');
    await screen.press('i');
    await screen.until('pull its network cable');
    expect(calls).toEqual(['link core-provisioner false', 'link core-provisioner true']);
  });

  test('a failure stands there with its cause and remedy until the next thing is done', async () => {
    const { plan } = lab(nothingCreated);
    const failing = async () => {
      throw new LabError({
        code: 'NO_MEMORY',
        message: 'There is too little memory.',
        why: 'It needs 1024 MB; 300 MB are free.',
        remedy: ['Close other programs.'],
      });
    };
    await explore({ ...plan, lab: { ...plan.lab, up: failing } });
    await screen.press('u');
    const frame = await screen.until('✗ There is too little memory.');
    expect(frame).toContain('It needs 1024 MB');
    expect(frame).toContain('› Close other programs.');
  });

  test('Ctrl+C cancels what is going on', async () => {
    const { plan } = lab(nothingCreated);
    const hanging: Lab['up'] = (_names, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
      });
    await explore({ ...plan, lab: { ...plan.lab, up: hanging } });
    await screen.press('u');
    await screen.until('Starting core-provisioner…');
    await screen.press(key.ctrlC);
    await screen.until('Starting core-provisioner: cancelled');
  });

  for (const size of [
    { columns: 80, rows: 24 },
    { columns: 120, rows: 36 },
    { columns: 200, rows: 60 },
  ]) {
    test(`looks well at ${size.columns}×${size.rows}`, async () => {
      await explore(lab(provisionerUp).plan, size);
      await expect(`${await screen.frame()}\n`).toMatchFileSnapshot(
        `../testing/golden/explore-${size.columns}x${size.rows}.txt`,
      );
    });
  }
});

test('changes are counted, and states that came back are none', () => {
  const machine: MachineView = { name: 'a', role: 'node', state: 'running', stages: [] };
  const machines = [machine];
  const state = record(record(beginExploring(machines), 'ran x'), 'ran x');
  expect(changes(state, machines)).toEqual(['ran x (2 times)']);
  expect(changes(state, [{ ...machine, state: 'poweroff' }])).toEqual(['a: running, now off', 'ran x (2 times)']);
});
