import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Access } from './access.js';
import type { ConsoleWatch } from './console-watch.js';
import { makeTestLab } from './test-support.js';
import { watchMachines } from './watch.js';

/** Of machines that are off nobody asks more than their states. */
const ACCESS = { addresses: { known: async () => undefined } } as unknown as Access;
const CONSOLES = {} as ConsoleWatch;

test('machines at which nothing changes are looked at less often, until something does; each look is one question', async () => {
  const world = await makeTestLab({ power: { 'core-01': 'poweroff' } });
  const rests: number[] = [];
  let enough = () => {};
  const done = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const end = watchMachines(
    { ...world, access: ACCESS },
    CONSOLES,
    async () => false,
    async (milliseconds, signal) => {
      rests.push(milliseconds);
      if (rests.length === 23) world.power.set('core-01', 'not_created');
      if (rests.length < 26) return;
      enough();
      if (!signal.aborted) await once(signal, 'abort');
    },
  );
  await done;
  await end();
  expect(rests).toEqual([...Array(20).fill(1000), 3000, 3000, 3000, 1000, 1000, 1000]);
  expect(world.provider.calls.map(({ method }) => method)).toEqual(Array(26).fill('states'));
  await world.dispose();
});
