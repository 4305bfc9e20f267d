import type { Command } from 'commander';
import { statusTable } from '../../engine/lab/status-table.js';
import { withLab } from '../context.js';
import { print, printJson } from '../output.js';

export async function run(options: { json?: boolean }, command: Command): Promise<void> {
  await withLab(command, {}, async ({ lab }) => {
    const machines = await lab.status();
    if (options.json) printJson(machines.map((machine) => ({ ...machine, provider: lab.provider.name })));
    else print(statusTable(machines, lab.provider.name));
  });
}
