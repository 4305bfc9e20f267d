import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { LabError } from '../../engine/errors.js';
import { attachConsole } from '../attach-terminal.js';
import { withLab } from '../context.js';

export async function run(machine: string, options: { log?: boolean }, command: Command): Promise<void> {
  await withLab(command, {}, async ({ lab }) => {
    const handle = lab.console(machine);
    if (options.log) {
      await pipeline(createReadStream(handle.logFile), process.stdout, { end: false }).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
          throw new LabError({
            code: 'NO_CONSOLE',
            message: `${machine} has shown nothing yet: it was never started.`,
            remedy: [`Start it: coreos-lab up ${machine}`],
            exitCode: 2,
          });
        },
      );
      return;
    }
    await attachConsole(lab, machine);
  });
}
