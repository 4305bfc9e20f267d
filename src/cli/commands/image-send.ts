import type { Command } from 'commander';
import { sentText } from '../../engine/lab/brought-texts.js';
import { withLab } from '../context.js';
import { print } from '../output.js';

export async function run(_options: object, command: Command): Promise<void> {
  await withLab(command, { lock: true, report: true }, async ({ lab, signal }) => {
    print(sentText(await lab.sendImage({ signal })));
  });
}
