import type { MachineConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import { availableMiB, hypervisorOverheadMiB } from '../memory.js';
import type { ProviderReport } from '../providers/provider.js';

/**
 * Refuses to start machines that together need more memory than there is, before the first of them starts. Throws LabError
 * NOT_ENOUGH_MEMORY. The provider checks each machine again at its start.
 */
export async function checkRoom(
  machines: readonly MachineConfig[],
  report: ProviderReport,
  available = availableMiB(),
): Promise<void> {
  const overhead = hypervisorOverheadMiB(report.slowness > 1);
  const needed = machines.reduce((sum, { memory }) => sum + memory + overhead, 0);
  if (needed <= available) return;
  const names = machines.map(({ name }) => name).join(', ');
  throw new LabError({
    code: 'NOT_ENOUGH_MEMORY',
    message: `${names} ${machines.length === 1 ? 'needs' : 'together need'} ${needed} MiB of memory, and ${available} MiB are available.`,
    remedy: [
      'Close other programs, or start fewer machines at a time.',
      'Or give the machines less memory in lab.yaml (512 MiB is the least).',
    ],
  });
}
