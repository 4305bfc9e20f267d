import type { Command } from 'commander';
import { bytesText } from '../../engine/bytes-text.js';
import { imageDefinition } from '../../engine/images/image-definition.js';
import { withLab } from '../context.js';
import { print, printJson, table } from '../output.js';

export async function run(options: { json?: boolean }, command: Command): Promise<void> {
  await withLab(command, {}, async ({ images, config }) => {
    const all = await images.list();
    if (options.json) return printJson(all);
    const { remedy } = imageDefinition(config.image.name);
    if (all.length === 0) return print(`No image in the cache yet. ${remedy[0]}`);
    const rows = all.map(({ name, version, bytes, artefacts, directory }) => [
      name,
      version,
      bytesText(bytes),
      artefacts.join(' '),
      directory,
    ]);
    print(table([['NAME', 'VERSION', 'SIZE', 'FILES FOR', 'DIRECTORY'], ...rows]));
  });
}
