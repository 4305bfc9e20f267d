import type { Command } from 'commander';
import { updatesText } from '../../engine/updates/updates-text.js';
import { withLab } from '../context.js';
import { print, printJson } from '../output.js';

export async function run(options: { json?: boolean }, command: Command): Promise<void> {
  await withLab(command, {}, async ({ lab, signal }) => {
    const state = await lab.updates({ signal });
    if (options.json) printJson(state);
    else print(updatesText(state));
  });
}
