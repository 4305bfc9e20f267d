import { createWorkshop } from '../steps/create-workshop.js';
import { loadLessons } from '../steps/load.js';
import { openTrustStore } from '../steps/trust.js';
import type { Workshop } from '../steps/workshop.js';
import type { Composed } from './compose.js';

/** The lessons of the package and of further directories or files, and the run that goes on. */
export async function composeWorkshop(
  parts: Composed,
  moreLessons: readonly string[],
  options: { recover: boolean },
): Promise<Workshop> {
  const trust = openTrustStore(parts.paths.stateDirectory);
  const { lessons, faults } = await loadLessons([parts.lessonsDirectory, ...moreLessons], {
    labMachines: parts.config.machines.map(({ name }) => name),
    packageDirectory: parts.lessonsDirectory,
    trust,
  });
  return createWorkshop({
    lab: parts.lab,
    lessons,
    lintFaults: faults,
    bus: parts.bus,
    exec: parts.exec,
    labDirectory: parts.paths.labDirectory,
    trust,
    timings: parts.timings,
    recover: options.recover,
  });
}
