import type { Command } from 'commander';
import { fetchedText } from '../../engine/lab/brought-texts.js';
import { withLab } from '../context.js';
import { print } from '../output.js';
import { takeArchive } from '../take-archive.js';

export async function run(
  source: string | undefined,
  { sha256 }: { sha256?: string },
  command: Command,
): Promise<void> {
  await withLab(command, { lock: true, report: true }, async ({ lab, containers, config, signal }) => {
    const how = { sha256, command: 'coreos-lab mayu fetch', signal };
    await takeArchive(containers.mayu, config.mayu.version, source, how);
    print(fetchedText(await lab.fetchMayu({ signal })));
  });
}
