import type { Command } from 'commander';
import { provisionerOf } from '../../engine/lab/machines.js';
import { withLab } from '../context.js';

export async function run(
  machine: string | undefined,
  words: string[],
  _options: object,
  command: Command,
): Promise<number> {
  return withLab(command, {}, async ({ lab, config, exec }) => {
    const { program, args } = await lab.shell(machine ?? provisionerOf(config).name);
    // ssh joins the words and gives them to the remote shell, as it does for everybody.
    return exec.interactive(program, [...args, ...words]);
  });
}
