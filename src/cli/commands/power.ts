import type { Command } from 'commander';
import { selectMachines } from '../../engine/lab/machines.js';
import { confirm } from '../ask.js';
import { withLab } from '../context.js';
import { print } from '../output.js';

/** up, halt, reload, reset, destroy and sync: the lab's verbs of the same names. */
export async function run(
  machines: string[],
  options: { force?: boolean; yes?: boolean },
  command: Command,
): Promise<void> {
  await withLab(command, { lock: true, report: true }, async ({ lab, config, signal }) => {
    const names = selectMachines(config, machines).map(({ name }) => name);
    switch (command.name()) {
      case 'up':
        return lab.up(machines, { signal });
      case 'halt':
        return lab.halt(machines, { signal, ...(options.force ? { force: true } : {}) });
      case 'reload':
        return lab.reload(machines, { signal });
      case 'reset':
        return lab.reset(machines, { signal });
      case 'sync':
        return lab.sync(machines, { signal });
      case 'destroy': {
        const yes = options.yes || (command.optsWithGlobals() as { yes?: boolean }).yes;
        if (!(await confirm(`Remove ${names.join(', ')} with their disks and savepoints?`, { yes })))
          return print('Nothing was removed.');
        return lab.destroy(machines, { signal });
      }
      default:
        throw new Error(`no verb ${command.name()}`);
    }
  });
}
