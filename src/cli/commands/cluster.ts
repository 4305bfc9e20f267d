import type { Command } from 'commander';
import { clusterText } from '../../engine/cluster/cluster-text.js';
import { withLab } from '../context.js';
import { print, printJson } from '../output.js';

export async function run(options: { json?: boolean }, command: Command): Promise<void> {
  await withLab(command, {}, async ({ lab, signal }) => {
    const state = await lab.cluster({ signal });
    if (options.json) printJson(state);
    else print(clusterText(state));
  });
}
