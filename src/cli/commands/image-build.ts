import type { Command } from 'commander';
import { bytesText } from '../../engine/bytes-text.js';
import { withLab } from '../context.js';
import { print } from '../output.js';

export async function run(_options: object, command: Command): Promise<void> {
  await withLab(command, { report: true }, async ({ images, config, signal }) => {
    const version = config.image.name === 'labos' ? config.image.version : '1.0.0';
    const image = await images.build('labos', version, { signal });
    print(`${image.name} ${image.version} (${bytesText(image.bytes)}) is in ${image.directory}`);
  });
}
