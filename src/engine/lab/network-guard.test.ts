import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { LabEventBody } from '../events.js';
import { NetworkGuard } from './network-guard.js';

const EVERY = 5;

function scene(machinesRun = true) {
  const emitted: LabEventBody[] = [];
  const network = { up: true, looks: 0, starts: 0 };
  const guard = new NetworkGuard({
    network: {
      running: async () => {
        network.looks++;
        return network.up;
      },
      start: async () => {
        network.starts++;
        network.up = true;
      },
    },
    events: { emit: (event) => void emitted.push(event) },
    machinesRun: async () => machinesRun,
    every: EVERY,
  });
  const looks = async (more: number) => {
    const wanted = network.looks + more;
    await vi.waitFor(() => expect(network.looks).toBeGreaterThanOrEqual(wanted), { timeout: 5000, interval: 1 });
  };
  return { guard, network, emitted, looks };
}

test('a network that ended while machines run is started again, and that is said once', async () => {
  const { guard, network, emitted, looks } = scene();
  const release = guard.hold();
  await looks(2);
  expect(network.starts).toBe(0);
  network.up = false;
  await vi.waitFor(() => expect(network.starts).toBe(1));
  await looks(3);
  release();
  expect(network.starts).toBe(1);
  expect(emitted).toMatchObject([{ type: 'notice', level: 'warning', text: expect.stringContaining('started again') }]);
});

test('without machines it may be gone', async () => {
  const { guard, network, looks } = scene(false);
  network.up = false;
  const release = guard.hold();
  await looks(4);
  release();
  expect(network.starts).toBe(0);
});

test('it is looked after until the last one who wanted that has let go', async () => {
  const { guard, network, looks } = scene();
  const first = guard.hold();
  const second = guard.hold();
  first();
  first();
  await looks(2);
  second();
  await sleep(3 * EVERY);
  const { looks: seen } = network;
  await sleep(10 * EVERY);
  expect(network.looks).toBe(seen);
  const third = guard.hold();
  await looks(1);
  third();
});
