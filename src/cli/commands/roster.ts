import type { Command } from 'commander';
import { confirm } from '../ask.js';
import { withLab } from '../context.js';
import { print } from '../output.js';

/** `add [machine]` and `remove <machine>`. */
export async function run(machine: string | undefined, options: { yes?: boolean }, command: Command): Promise<void> {
  await withLab(command, { lock: true, report: true }, async ({ lab, config, signal }) => {
    if (command.name() === 'add') {
      const { name } = await lab.add(machine);
      return print(name);
    }
    const name = machine as string;
    const added = config.machines.some((one) => one.name === name && one.added);
    const yes = options.yes || (command.optsWithGlobals() as { yes?: boolean }).yes;
    // What is not there, or cannot be removed, is said without a question.
    if (added && !(await confirm(`Remove ${name} from the lab, with its disk and savepoints?`, { yes }))) {
      return print('Nothing was removed.');
    }
    await lab.remove(name, { signal });
  });
}
