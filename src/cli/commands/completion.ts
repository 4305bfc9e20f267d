import type { Command } from 'commander';
import { LabError } from '../../engine/errors.js';
import { completionScript, type Shell } from '../completion-script.js';
import { print } from '../output.js';

const SHELLS: readonly string[] = ['bash', 'zsh', 'fish'];

export async function run(shell: string, _options: object, command: Command): Promise<void> {
  if (!SHELLS.includes(shell)) {
    throw new LabError({
      code: 'UNKNOWN_SHELL',
      message: `There is no completion for ${JSON.stringify(shell)}.`,
      remedy: ['Use bash, zsh or fish.'],
      exitCode: 2,
    });
  }
  let root = command;
  while (root.parent !== null) root = root.parent;
  print(completionScript(root, shell as Shell));
}
