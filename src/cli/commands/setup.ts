import type { Command } from 'commander';
import { withLab } from '../context.js';
import { print } from '../output.js';
import { setUp } from '../set-up.js';

export async function run(_options: object, command: Command): Promise<void> {
  const { yes } = command.optsWithGlobals() as { yes?: boolean };
  await withLab(command, { lock: true, report: true }, async (context) => {
    await setUp(context, { yes: yes === true });
    print('Everything is set up. Open the workshop: coreos-lab');
  });
}
