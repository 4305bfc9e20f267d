import { describe, expect, test } from 'vitest';
import { defaultLabConfig } from '../config/defaults.js';
import type { MachineConfig } from '../config/lab-config.js';
import { availableMiB } from '../memory.js';
import type { ProviderReport } from '../providers/provider.js';
import { checkRoom } from './room.js';

const report = (slowness: number): ProviderReport => ({ usable: true, slowness, problems: [] });
const machine = (name: string, memory: number): MachineConfig => ({
  ...(defaultLabConfig().machines[1] as MachineConfig),
  name,
  memory,
});
const two = [machine('core-01', 1000), machine('core-02', 500)];

describe('the memory for machines', () => {
  test('counts what the hypervisor takes beside them: 80 MiB a machine', async () => {
    await expect(checkRoom(two, report(1), 1660)).resolves.toBeUndefined();
    await expect(checkRoom(two, report(1), 1659)).rejects.toMatchObject({
      code: 'NOT_ENOUGH_MEMORY',
      message: 'core-01, core-02 together need 1660 MiB of memory, and 1659 MiB are available.',
      exitCode: 1,
    });
  });

  test('is 200 MiB a machine more where it is emulated', async () => {
    await expect(checkRoom(two, report(4), 1900)).resolves.toBeUndefined();
    await expect(checkRoom(two, report(4), 1899)).rejects.toMatchObject({ code: 'NOT_ENOUGH_MEMORY' });
  });

  test('is said of one machine in the singular', async () => {
    await expect(checkRoom([machine('core-03', 700)], report(1), 10)).rejects.toThrow(
      'core-03 needs 780 MiB of memory, and 10 MiB are available.',
    );
  });

  test('is enough for none, and what this host has is a number', async () => {
    await expect(checkRoom([], report(1), 0)).resolves.toBeUndefined();
    expect(availableMiB()).toBeGreaterThan(0);
    await expect(checkRoom([machine('core-01', 2 ** 40)], report(1))).rejects.toMatchObject({
      message: expect.stringMatching(/and \d+ MiB are available\.$/),
    });
  });
});
