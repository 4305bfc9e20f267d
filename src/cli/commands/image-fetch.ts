import type { Command } from 'commander';
import { withLab } from '../context.js';
import { print } from '../output.js';

export async function run(source: string, options: { sha256: string }, command: Command): Promise<void> {
  await withLab(command, { report: true }, async ({ images, signal }) => {
    const image = await images.fetch(source, options.sha256, { signal });
    print(`${image.name} ${image.version} is in ${image.directory}`);
  });
}
