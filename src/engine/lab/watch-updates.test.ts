import { describe, expect, test } from 'vitest';
import type { NodeUpdates, UpdatesState } from '../updates/updates-state.js';
import { watchUpdates } from './watch-updates.js';

const node = (more: Partial<NodeUpdates> = {}): NodeUpdates => ({
  machine: 'core-01',
  state: 'answers',
  version: '1.0.0',
  engine: { running: true, operation: 'IDLE' },
  ...more,
});
const up = (...nodes: NodeUpdates[]): UpdatesState => ({
  server: { state: 'up', groups: [] },
  lock: { state: 'never', holders: [] },
  nodes,
});
const downloading = (percent: number) =>
  up(node({ engine: { running: true, operation: 'DOWNLOADING', percent, lastCheck: 1 } }));
const down = (...nodes: NodeUpdates[]): UpdatesState => ({ ...up(...nodes), server: { state: 'down', groups: [] } });

interface World {
  answers: boolean;
  listens: boolean;
  booting: string[];
  /** What is so; an error is a look that fails. */
  state: UpdatesState | Error;
  /** How long a look takes, milliseconds. */
  takes: number;
}

/** Lets the watcher run on a clock of its own, and changes the world at the given times. Times are in seconds. */
async function watch(seconds: number, start: Partial<World>, changes: Record<number, Partial<World>> = {}) {
  const world: World = { answers: true, listens: true, booting: [], state: up(node()), takes: 0, ...start };
  const stop = new AbortController();
  const looks: number[] = [];
  const told: [number, UpdatesState][] = [];
  let now = 0;
  const pass = (milliseconds: number) => {
    const until = now + milliseconds;
    for (const [at, change] of Object.entries(changes)) {
      if (Number(at) * 1000 > now && Number(at) * 1000 <= until) Object.assign(world, change);
    }
    now = until;
    if (now >= seconds * 1000) stop.abort();
  };
  await watchUpdates({
    look: async () => {
      looks.push(now / 1000);
      const { state } = world;
      pass(world.takes);
      if (state instanceof Error) throw state;
      return state;
    },
    provisionerAnswers: () => world.answers,
    serverListens: () => world.listens,
    booting: () => world.booting,
    emit: (state) => void told.push([now / 1000, state]),
    signal: stop.signal,
    clock: { now: () => now, sleep: async (milliseconds) => pass(milliseconds) },
  });
  return { looks, told };
}

describe('watching the updates', () => {
  test('asks nobody before there is an update server, and at once when there is', async () => {
    expect((await watch(600, { listens: false })).looks).toEqual([]);
    const { looks, told } = await watch(40, { listens: false }, { 15: { listens: true } });
    expect(looks).toEqual([15, 33]);
    expect(told).toEqual([[15, up(node())]]);
    expect((await watch(600, { answers: false })).looks).toEqual([]);
  });

  test('looks often while an update is under way, less often when that brings no news', async () => {
    const { looks } = await watch(130, { state: downloading(10) });
    expect(looks.slice(0, 3)).toEqual([0, 5, 10]);
    expect(looks.slice(-2)).toEqual([110, 120]);
    const rollout = { name: 'lab', track: 'lab', enabled: true, safeMode: true, rollout: true, instances: 3 };
    const server = { state: 'up' as const, groups: [rollout] };
    expect((await watch(11, { state: { ...up(node()), server } })).looks).toEqual([0, 5, 10]);
    const paused = { ...server, groups: [{ ...rollout, enabled: false }] };
    expect((await watch(19, { state: { ...up(node()), server: paused } })).looks).toEqual([0, 18]);
    const lock = { state: 'held' as const, holders: [{ id: 'a' }] };
    expect((await watch(11, { state: { ...up(node()), lock } })).looks).toEqual([0, 5, 10]);
  });

  test('rests five times as long as a look took', async () => {
    expect((await watch(30, { state: downloading(1), takes: 2000 })).looks).toEqual([0, 12, 24]);
    expect((await watch(70, { state: downloading(1), takes: 9000 })).looks).toEqual([0, 29, 58]);
  });

  test('tells a download at each twentieth, and not that somebody asked once more', async () => {
    const asked = (lastCheck: number) =>
      up(
        node({
          engine: { running: true, operation: 'IDLE', lastCheck },
          server: { group: 'lab', version: '1.0.0', status: 'onhold', time: lastCheck },
        }),
      );
    const states = { 4: downloading(12), 9: downloading(14), 14: downloading(15), 19: asked(3), 24: asked(4) };
    const changes = Object.fromEntries(Object.entries(states).map(([at, state]) => [at, { state }]));
    const { told } = await watch(60, { state: downloading(11) }, changes);
    expect(told.map(([at]) => at)).toEqual([0, 15, 20]);
  });

  test('leaves nodes that boot alone, though not for ever, nor when an update made them boot', async () => {
    const booting = ['core-02'];
    expect((await watch(170, { booting })).looks).toEqual([]);
    expect((await watch(190, { booting })).looks).toEqual([180]);
    expect((await watch(30, {}, { 1: { booting }, 25: { booting: [] } })).looks).toEqual([0, 25]);
    expect((await watch(11, { state: downloading(1) }, { 1: { booting } })).looks).toEqual([0, 5, 10]);
  });

  test('tells once that the server went, and follows to its end what it began', async () => {
    const idle = await watch(200, {}, { 10: { state: down(node()), listens: false } });
    expect(idle.told).toEqual([
      [0, up(node())],
      [10, down(node())],
    ]);
    expect(idle.looks).toEqual([0, 10]);
    const busy = down(node({ engine: { running: true, operation: 'VERIFYING' } }));
    const { looks } = await watch(
      60,
      { state: downloading(99) },
      { 7: { state: busy, listens: false }, 20: { state: down(node()) } },
    );
    expect(looks).toEqual([0, 5, 7, 12, 17, 22]);
  });

  test('knows nothing without the provisioner, and looks again when it is back', async () => {
    const { looks, told } = await watch(40, {}, { 5: { answers: false }, 30: { answers: true } });
    expect(looks).toEqual([0, 30]);
    expect(told.map(([at, { server, nodes }]) => [at, server.state, nodes[0]?.state, nodes[0]?.version])).toEqual([
      [0, 'up', 'answers', '1.0.0'],
      [5, 'unknown', 'silent', '1.0.0'],
      [30, 'up', 'answers', '1.0.0'],
    ]);
  });

  test('a look that fails brings no news', async () => {
    const { looks, told } = await watch(60, {}, { 10: { state: new Error('states') } });
    expect(told).toHaveLength(1);
    expect(looks).toEqual([0, 18, 36, 54]);
  });
});
