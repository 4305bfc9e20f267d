import { afterEach, describe, expect, test } from 'vitest';
import type { LabEvent } from '../../engine/events.js';
import type { MachineStatus } from '../../engine/lab.js';
import type { FakePlan } from './fake-workshop.js';
import { provisionerUp } from './fixture-lab.js';
import { fixtureLessons } from './fixture-lessons.js';
import { type FakeClock, key, TestScreen } from './screen.js';
import { failingScript, statusScript, upScript } from './scripts.js';

const size = { columns: 120, rows: 36 };
let screen: TestScreen;
afterEach(() => screen.close());

const plan = (clock: FakeClock): FakePlan => ({
  steps: {
    'sandbox/overview': statusScript(clock.sleep),
    'sandbox/up': upScript(clock.sleep, clock.now),
    'sandbox/bats': failingScript(clock.sleep),
  },
});

async function open(more: (clock: FakeClock) => FakePlan = plan): Promise<void> {
  screen = new TestScreen(more, size);
  await screen.until('Up the sandbox');
}

test('keys that arrive together each count', async () => {
  await open();
  await screen.press(`${key.down}${key.down}${key.up}${key.enter}`);
  expect(await screen.until('step 1/9')).toContain('Cluster bootstrapping');
});

describe('running steps', () => {
  test('the enter that opens a lesson does not also run its first step', async () => {
    await open();
    await screen.press(key.enter);
    await screen.until('step 1/6');
    expect(screen.workshop.calls).toEqual([]);
  });

  test('success never advances by itself', async () => {
    await open();
    await screen.press(key.enter, key.enter);
    await screen.until('Step done. Press n for the next one.');
    await screen.advance(60_000);
    expect(await screen.frame()).toContain('step 1/6');
    await screen.press('n');
    expect(await screen.frame()).toContain('step 2/6');
  });

  test('stray keys while a step runs start nothing and go nowhere', async () => {
    await open();
    await screen.press(key.enter, 'n', 'n', key.enter);
    await screen.until('running');
    await screen.press('nnprrRSSceqqu\r\rdsy', key.enter, 'q');
    expect(await screen.frame()).toContain('step 3/6');
    expect(screen.workshop.calls).toEqual(['runStep sandbox/up']);
    await screen.press('z', key.tab);
    expect(await screen.frame()).toContain('step 3/6');
  });

  test('Ctrl+C cancels first, then quits', async () => {
    await open();
    await screen.press(key.enter, 'n', 'n', key.enter);
    await screen.until('running');
    await screen.press(key.ctrlC);
    await screen.until('cancelled');
    await screen.press(key.ctrlC);
    expect(await screen.until(/Leave running|core-prov/)).toBeTruthy();
  });

  test('quitting before the machines are known asks for them first, and a second Ctrl+C does not wait', async () => {
    let answer = (_: MachineStatus[]) => {};
    const status = () =>
      new Promise<MachineStatus[]>((resolve) => {
        answer = resolve;
      });
    await open((clock) => ({ ...plan(clock), lab: { status } }));
    await screen.press(key.ctrlC);
    expect(await screen.frame()).not.toContain('Leave running');
    answer(provisionerUp);
    await screen.until('Leave running');
    await screen.press(key.ctrlC);
    expect(await screen.result.promise).toEqual({ machines: 'leave', exitCode: 0 });
  });

  test('a failure shows its card; r makes a second attempt; esc puts the card away', async () => {
    await open();
    await screen.press(key.enter, 'n', 'n', 'n', key.enter);
    await screen.until('Read-only file system');
    await screen.press(key.esc);
    expect(await screen.frame()).not.toContain('┌─ Step failed');
    await screen.press('r');
    await screen.until('attempt 2');
    expect(screen.workshop.calls).toEqual(['runStep sandbox/bats', 'runStep sandbox/bats']);
  });

  test('an unplanned fault is said in one line, and the screen lives', async () => {
    await open(() => ({}));
    await screen.press(key.enter, key.enter);
    await screen.until('unplanned: run sandbox/overview');
    await screen.press('n');
    await screen.until('step 2/6');
  });

  test('a lesson from elsewhere asks for trust before it runs on this computer', async () => {
    const foreign = structuredClone(fixtureLessons[0]);
    if (foreign === undefined) throw new Error('no fixture');
    foreign.trusted = false;
    const [action] = foreign.steps[0]?.actions ?? [];
    if (action === undefined) throw new Error('no action');
    Object.assign(action, { on: 'host', executor: 'bash', source: 'rm -rf build' });
    await open((clock) => ({ ...plan(clock), lessons: [foreign] }));
    await screen.press(key.enter, key.enter);
    await screen.until(/Trust this lesson\?[\s\S]*rm -rf build/);
    await screen.press('n');
    await screen.until('step 1/6');
    expect(screen.workshop.calls).toEqual([]);
    await screen.press(key.enter, 'y');
    await screen.until('Step done');
    expect(screen.workshop.calls).toEqual(['trust sandbox', 'runStep sandbox/overview']);
  });

  test('what an earlier session left running shows as interrupted, at home and in the lesson', async () => {
    const history: LabEvent[] = [
      { seq: 1, time: 1, type: 'step', status: 'started', lesson: 'sandbox', step: 'overview', attempt: 1 },
    ];
    await open((clock) => ({ ...plan(clock), history }));
    await screen.until('step 1 interrupted');
    await screen.press(key.enter);
    await screen.until('Press r to rerun it');
  });

  test('a lesson opens at the first step that earlier sessions did not finish, and later where it was left', async () => {
    const step = { type: 'step', lesson: 'sandbox', attempt: 1 } as const;
    const history: LabEvent[] = [
      { ...step, seq: 1, time: 1, status: 'started', step: 'overview' },
      { ...step, seq: 2, time: 2, status: 'passed', step: 'overview' },
      { ...step, seq: 3, time: 3, status: 'skipped', step: 'image' },
    ];
    await open((clock) => ({ ...plan(clock), history }));
    await screen.until('2/6');
    await screen.press(key.enter);
    await screen.until('step 3/6');
    await screen.press('p', 'q');
    await screen.until('Explore freely');
    await screen.press(key.enter);
    await screen.until('step 2/6');
  });

  test('home does not say that no machine runs before that is known', async () => {
    let answer = (_: MachineStatus[]) => {};
    const status = () =>
      new Promise<MachineStatus[]>((resolve) => {
        answer = resolve;
      });
    await open((clock) => ({ ...plan(clock), lab: { status } }));
    expect(await screen.frame()).toMatch(/machines +looking…/);
    answer(provisionerUp);
    await screen.until(/machines +● core-provisioner running/);
  });
});

describe('input', () => {
  test('pasted text presses no keys', async () => {
    await open();
    await screen.press(key.enter, '\u001B[200~qqq\rR\u001B[201~');
    expect(await screen.until('Pasted text is ignored')).toContain('step 1/6');
    expect(screen.workshop.calls).toEqual([]);
  });

  test('a burst is handled key by key', async () => {
    await open();
    await screen.press(key.enter, 'nnp');
    await screen.until('step 2/6');
  });

  test('destroying asks for the name of the lab', async () => {
    let destroyed = 0;
    await open((clock) => ({
      ...plan(clock),
      lab: {
        destroy: async () => {
          destroyed++;
        },
      },
    }));
    await screen.press(':', 'clean up', key.enter);
    await screen.until('Destroy machines');
    await screen.press('3');
    await screen.until('Type default');
    await screen.press('wrong', key.enter);
    expect(destroyed).toBe(0);
    await screen.press('\u007F'.repeat(5), 'default', key.enter);
    await screen.until('are gone');
    expect(destroyed).toBe(1);
  });
});

test('forty sizes in a row: every frame fits, the last is right', async () => {
  await open();
  await screen.press(key.enter, 'n', 'n', key.enter);
  for (let n = 0; n < 40; n++) await screen.resize(70 + ((n * 37) % 150), 20 + ((n * 13) % 50));
  await screen.resize(120, 36);
  const frame = await screen.frame();
  expect(frame).toContain('step 3/6');
  expect(frame.split('\n').at(-1)).toContain('Ctrl+C');
});
