import type { Command } from 'commander';
import { bytesText } from '../../engine/bytes-text.js';
import { withLab } from '../context.js';
import { print, printJson, table } from '../output.js';

/** `snapshot list`, `save NAME`, `restore NAME`, `discard NAME`. */
export async function run(first: string | { json?: boolean }, second: unknown, third?: Command): Promise<void> {
  if (typeof first === 'string') return change(first, third as Command);
  return list(first, second as Command);
}

async function change(name: string, command: Command): Promise<void> {
  await withLab(command, { lock: true, report: true }, async ({ lab, signal }) => {
    if (command.name() === 'save') await lab.save(name, { signal });
    else if (command.name() === 'restore') await lab.restore(name, { signal });
    else await lab.discard(name);
  });
}

async function list(options: { json?: boolean }, command: Command): Promise<void> {
  await withLab(command, {}, async ({ lab }) => {
    const savepoints = await lab.savepoints();
    if (options.json) return printJson(savepoints);
    if (savepoints.length === 0) return print('No savepoints yet. Make one: coreos-lab snapshot save NAME');
    const rows = savepoints.map(({ name, time, machines, bytes }) => [
      name,
      new Date(time).toLocaleString(),
      bytesText(bytes),
      machines.join(', '),
    ]);
    print(table([['NAME', 'SAVED', 'SIZE', 'MACHINES'], ...rows]));
  });
}
