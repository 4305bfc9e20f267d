import { join } from 'node:path';
import type { Command } from 'commander';
import { withAddedMachines } from '../../engine/config/added.js';
import { loadLabConfig } from '../../engine/config/load.js';
import { labPaths } from '../../engine/state/paths.js';
import { formatFault } from '../../steps/lint/format-fault.js';
import { loadLessons } from '../../steps/load.js';
import { plural } from '../../ui/theme/format.js';
import { globals } from '../context.js';
import { print, printJson } from '../output.js';
import { packageRoot } from '../package-root.js';

/** Checks the given files or folders, or the package's own lessons. Exit code 1 when there is an error; warnings alone pass. */
export async function run(files: string[], options: { json?: boolean }, command: Command): Promise<number> {
  const declared = await loadLabConfig(globals(command).lab);
  const config = await withAddedMachines(declared, labPaths(declared.name, process.env).labDirectory);
  const own = join(packageRoot(), 'lessons');
  const { lessons, faults } = await loadLessons(files.length === 0 ? [own] : files, {
    labMachines: config.machines.map(({ name }) => name),
  });
  if (options.json) printJson(faults);
  else {
    for (const fault of faults) print(formatFault(fault));
    const steps = lessons.reduce((sum, lesson) => sum + lesson.steps.length, 0);
    print([plural(lessons.length, 'lesson'), plural(steps, 'step'), plural(faults.length, 'fault')].join(', '));
  }
  return faults.some(({ severity }) => severity === 'error') ? 1 : 0;
}
