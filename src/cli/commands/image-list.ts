import type { Command } from 'commander';
import { bytesText } from '../../engine/bytes-text.js';
import { withLab } from '../context.js';
import { print, printJson, table } from '../output.js';

export async function run(options: { json?: boolean }, command: Command): Promise<void> {
  await withLab(command, {}, async ({ images }) => {
    const all = await images.list();
    if (options.json) return printJson(all);
    if (all.length === 0) return print('No image in the cache yet. Build one: coreos-lab image build');
    const rows = all.map(({ name, version, bytes, directory }) => [name, version, bytesText(bytes), directory]);
    print(table([['NAME', 'VERSION', 'SIZE', 'DIRECTORY'], ...rows]));
  });
}
