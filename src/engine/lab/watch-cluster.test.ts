import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClusterLook } from '../cluster/cluster-look.js';
import { NO_ETCD } from '../cluster/cluster-state.js';
import { defaultLabConfig } from '../config/defaults.js';
import type { MachineConfig } from '../config/lab-config.js';
import type { BootStage } from '../events.js';
import { type ClusterWatchParts, watchCluster } from './watch-cluster.js';

const [, first, second] = defaultLabConfig().machines as [MachineConfig, MachineConfig, MachineConfig];
const LOOK: ClusterLook = { state: { mayu: { state: 'up', hosts: [] }, etcd: NO_ETCD }, hosts: [], ssh: [] };

let stages: Map<string, BootStage>;
/** Who was asked, and who was left alone, look by look. */
let looks: string[];
let stop: AbortController;
let watching: Promise<void>;

const names = (machines: readonly MachineConfig[]) => machines.map(({ name }) => name).join('+') || 'nobody';

function watch(parts: Partial<ClusterWatchParts> = {}): void {
  watching = watchCluster({
    look: async ({ asked, booting }) => {
      looks.push(`${names(asked)} / ${names(booting)}`);
      return { ...LOOK, ssh: ['192.168.2.21'] };
    },
    address: async ({ name }) => (name === 'core-01' ? '192.168.2.21' : undefined),
    provisionerAnswers: () => true,
    nodes: () => [first, second],
    stage: (name) => stages.get(name),
    isReached: () => false,
    slowness: async () => 4,
    sshAnswers: async () => {
      throw new Error('nobody was to be logged in to');
    },
    reached: async () => {},
    emit: () => {},
    pace: { early: 600_000, forming: 600_000, slow: 600_000, rest: 600_000, together: 0 },
    signal: stop.signal,
    ...parts,
  });
}

beforeEach(() => {
  stages = new Map([
    ['core-01', 'kernel'],
    ['core-02', 'kernel'],
  ]);
  looks = [];
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await watching;
});

test('nodes that boot are left alone; Mayu is asked when they got their configuration, and not before', async () => {
  watch();
  await expect.poll(() => looks).toEqual(['nobody / core-01+core-02']);
  stages.set('core-02', 'initrd');
  await new Promise((wake) => setTimeout(wake, 1200));
  expect(looks).toHaveLength(1);
  stages.set('core-01', 'ignition');
  stages.set('core-02', 'ignition');
  await expect.poll(() => looks).toHaveLength(2);
  stages.set('core-01', 'install');
  await new Promise((wake) => setTimeout(wake, 1200));
  expect(looks).toEqual(Array(2).fill('nobody / core-01+core-02'));
});

test('a node whose system is up is asked, and logged in to where its sshd greets', async () => {
  const reached: string[] = [];
  watch({
    isReached: (name) => reached.includes(name),
    sshAnswers: async () => true,
    reached: async (name) => void reached.push(name),
  });
  await expect.poll(() => looks).toHaveLength(1);
  stages.set('core-01', 'running');
  await expect.poll(() => reached).toEqual(['core-01']);
  expect(looks[1]).toBe('core-01 / core-02');
  stages.set('core-02', 'running');
  await expect.poll(() => looks.at(-1)).toBe('core-02 / nobody');
  expect(reached).toEqual(['core-01']);
});

test('where nothing is emulated a system that starts is asked at once', async () => {
  watch({ slowness: async () => 1, sshAnswers: async () => false });
  stages.set('core-01', 'system');
  await expect.poll(() => looks[0]).toBe('core-01 / core-02');
});
