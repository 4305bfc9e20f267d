import type { Command } from 'commander';
import { mayuDetails, mayuHostNamed } from '../../engine/cluster/mayu-table.js';
import { withLab } from '../context.js';
import { print, printJson } from '../output.js';

export async function run(machine: string | undefined, options: { json?: boolean }, command: Command): Promise<void> {
  await withLab(command, {}, async ({ lab, signal }) => {
    const all = await lab.mayuHosts({ signal });
    const hosts = machine === undefined ? all : [mayuHostNamed(all, machine)];
    if (options.json) printJson(machine === undefined ? hosts : hosts[0]);
    else print(hosts.map(mayuDetails).join('\n\n') || 'No machine has booted from Mayu yet.');
  });
}
