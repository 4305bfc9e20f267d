import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterState } from '../../engine/cluster/cluster-state.js';
import type { UpdatesState } from '../../engine/updates/updates-state.js';
import { width } from '../theme/text.js';
import type { FakePlan } from './fake-workshop.js';
import { fixtureDoctor } from './fixture-doctor.js';
import { provisionerUp } from './fixture-lab.js';
import { nodeBoots } from './fixture-nodes.js';
import { type FakeClock, key, TestScreen } from './screen.js';
import { failingScript, statusScript, upScript } from './scripts.js';

const sizes = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 36 },
  { columns: 200, rows: 60 },
];

const plan = (clock: FakeClock): FakePlan => ({
  doctor: fixtureDoctor(async () => {}),
  steps: {
    'sandbox/overview': statusScript(clock.sleep),
    'sandbox/up': upScript(clock.sleep, clock.now, 6),
    'sandbox/bats': failingScript(clock.sleep),
  },
});

/** What each golden shows: keys and time from the home screen on. */
const scenes: Record<string, (screen: TestScreen) => Promise<void>> = {
  home: async () => {},
  'lesson-idle': (screen) => screen.press(key.enter),
  'lesson-done': async (screen) => {
    await screen.press(key.enter, key.enter);
    await screen.until('Step done');
  },
  'lesson-running': async (screen) => {
    await screen.press(key.enter, 'n', 'n', key.enter);
    await screen.advance(6000);
  },
  'lesson-failed': async (screen) => {
    await screen.press(key.enter, 'n', 'n', 'n', key.enter);
    await screen.until('Step failed');
  },
  'lesson-hint': (screen) => screen.press(key.enter, 'h'),
  table: (screen) => screen.press(key.enter, 'G'),
  steps: async (screen) => {
    await screen.press(key.enter, key.enter);
    await screen.until('Step done');
    await screen.press('l');
  },
  help: (screen) => screen.press(key.enter, '?'),
  palette: (screen) => screen.press(key.enter, ':', 's', 't', 'e'),
  doctor: async (screen) => {
    await screen.press('d');
    await screen.until('warning');
  },
  'clean-up': async (screen) => {
    await screen.press(key.up, key.up, key.enter);
    await screen.until('Clean up');
  },
};

/** Lesson 2 at work: two nodes are members, the third is being installed. */
const cluster: ClusterState = {
  mayu: {
    state: 'up',
    dhcp: true,
    hosts: [
      { machine: 'core-01', serial: '0800278e158a-0', ip: '192.168.2.21', state: 'running', profile: 'core' },
      { machine: 'core-02', serial: '0800278e158b-0', ip: '192.168.2.22', state: 'running', profile: 'core' },
      { machine: 'core-03', serial: '0800278e158c-0', ip: '192.168.2.23', state: 'installing', profile: 'core' },
    ],
  },
  etcd: {
    quorum: true,
    members: [
      { name: 'core-01', address: '192.168.2.21', started: true, healthy: true, leader: true },
      { name: 'core-02', address: '192.168.2.22', started: true, healthy: true, leader: false },
      { name: 'core-03', address: '192.168.2.23', started: true, healthy: false, leader: false },
    ],
  },
};
const showCluster = async (screen: TestScreen, ...keys: string[]) => {
  const running = provisionerUp.map((row) => ({ ...row, state: 'running' as const }));
  screen.workshop.status = running;
  for (const { name } of running) screen.workshop.emit({ type: 'machine', machine: name, state: 'running' });
  screen.workshop.emit({ type: 'cluster', ...cluster });
  await screen.advance(1200);
  await screen.press(...keys);
  await screen.until('core-01 leads');
};
Object.assign(scenes, {
  cluster: (screen: TestScreen) => showCluster(screen, key.enter, '7'),
  'cluster-zoomed': (screen: TestScreen) => showCluster(screen, key.enter, '7', 'z', 'z'),
  'cluster-exploring': (screen: TestScreen) => showCluster(screen, 'e', '7'),
});

/** Lesson 3 at work: the first node is through, the second about to restart, the third downloads. */
const slot = (priority: number, tries: number, successful: number) => ({ priority, tries, successful });
const updates: UpdatesState = {
  server: {
    state: 'up',
    groups: [
      { name: 'lab', track: 'lab', version: '1.1.0', enabled: true, safeMode: true, rollout: true, instances: 3 },
    ],
  },
  lock: { state: 'held', holders: [{ id: '2222bbbb2222bbbb2222bbbb2222bbbb', machine: 'core-02' }] },
  nodes: [
    {
      machine: 'core-01',
      address: '192.168.2.21',
      state: 'answers',
      version: '1.1.0',
      slots: { running: 'B', A: slot(1, 0, 1), B: slot(2, 0, 1) },
      engine: { running: true, operation: 'IDLE' },
      server: { group: 'lab', version: '1.1.0', status: 'complete' },
    },
    {
      machine: 'core-02',
      address: '192.168.2.22',
      state: 'answers',
      version: '1.0.0',
      slots: { running: 'A', A: slot(1, 0, 1), B: slot(2, 1, 0) },
      engine: { running: true, operation: 'UPDATED_NEED_REBOOT', version: '1.1.0' },
      server: { group: 'lab', version: '1.0.0', status: 'installed' },
      lock: true,
    },
    {
      machine: 'core-03',
      address: '192.168.2.23',
      state: 'answers',
      version: '1.0.0',
      slots: { running: 'A', A: slot(2, 0, 1), B: slot(1, 0, 0) },
      engine: { running: true, operation: 'DOWNLOADING', percent: 43, version: '1.1.0' },
      server: { group: 'lab', version: '1.0.0', status: 'downloading' },
    },
  ],
};
const showUpdates = async (screen: TestScreen, ...keys: string[]) => {
  screen.workshop.emit({ type: 'updates', ...updates });
  await screen.press(...keys);
  await screen.until('waits to restart');
};
Object.assign(scenes, {
  updates: (screen: TestScreen) => showUpdates(screen, key.enter, '8'),
  'updates-zoomed': (screen: TestScreen) => showUpdates(screen, key.enter, '8', 'z', 'z'),
});

for (const [name, events] of Object.entries(nodeBoots)) {
  scenes[name] = async (screen) => {
    screen.workshop.status = provisionerUp;
    screen.workshop.emit({ type: 'machine', machine: 'core-provisioner', state: 'running' });
    screen.workshop.emit({ type: 'stage', machine: 'core-provisioner', stage: 'ssh', sinceStart: 192_000 });
    for (const event of events) screen.workshop.emit(event);
    if (name === 'nodes-running') screen.workshop.emit({ type: 'cluster', ...cluster });
    await screen.press(key.enter, '2');
    await screen.advance(400);
  };
}

let screen: TestScreen | undefined;
beforeAll(async () => {
  process.env.TZ = 'UTC';
  // The screen loads it when it is needed first; until then lessons are shown as they are written.
  await import('../lesson/markdown.js');
});
afterEach(async () => {
  await screen?.close();
  screen = undefined;
});

for (const { columns, rows } of sizes) {
  describe(`${columns}×${rows}`, () => {
    for (const [name, play] of Object.entries(scenes)) {
      test(name, async () => {
        screen = new TestScreen(plan, { columns, rows });
        await screen.until('hardware acceleration');
        await play(screen);
        const frame = await screen.frame();
        for (const line of frame.split('\n')) expect(width(line)).toBeLessThanOrEqual(columns);
        await expect(`${frame}\n`).toMatchFileSnapshot(`golden/${name}-${columns}x${rows}.txt`);
      });
    }
  });
}

test('too small: says what is needed, takes q, and comes back when resized', async () => {
  screen = new TestScreen(plan, { columns: 60, rows: 20 });
  await screen.until('80 × 24');
  await expect(`${await screen.frame()}\n`).toMatchFileSnapshot('golden/too-small-60x20.txt');
  await screen.resize(100, 30);
  await screen.until('Up the sandbox environment');
  await screen.resize(30, 5);
  await screen.until('too small');
  await screen.press('q');
  expect(await screen.result.promise).toEqual({ machines: 'leave', exitCode: 0 });
});

test('machines that run are asked about when quitting', async () => {
  screen = new TestScreen({ ...plan, status: provisionerUp }, { columns: 120, rows: 36 });
  await screen.until('core-provisioner running');
  await screen.press('q');
  await screen.until('Leave running');
  await expect(`${await screen.frame()}\n`).toMatchFileSnapshot('golden/quit-120x36.txt');
  await screen.press(key.down, key.enter);
  expect(await screen.result.promise).toEqual({ machines: 'halt', exitCode: 0 });
});
