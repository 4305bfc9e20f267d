import { resolve } from 'node:path';
import type { Command } from 'commander';
import { withLab } from '../context.js';
import { print } from '../output.js';

export async function run(machine: string, file: string, _options: object, command: Command): Promise<void> {
  await withLab(command, {}, async ({ lab }) => {
    await lab.screenshot(machine, resolve(file));
    print(`The screen of ${machine} is in ${resolve(file)}`);
  });
}
