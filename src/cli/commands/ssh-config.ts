import type { Command } from 'commander';
import { withLab } from '../context.js';
import { print } from '../output.js';

export async function run(_options: object, command: Command): Promise<void> {
  await withLab(command, {}, async ({ lab }) => print(await lab.sshConfig()));
}
