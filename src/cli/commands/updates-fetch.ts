import type { Command } from 'commander';
import { fetchedText } from '../../engine/lab/brought-texts.js';
import { UPDATE_SERVER_VERSION } from '../../engine/lab/update-server.js';
import { withLab } from '../context.js';
import { print } from '../output.js';
import { takeArchive } from '../take-archive.js';

export async function run(
  source: string | undefined,
  { sha256 }: { sha256?: string },
  command: Command,
): Promise<void> {
  await withLab(command, { lock: true, report: true }, async ({ lab, containers, signal }) => {
    const how = { sha256, command: 'coreos-lab updates fetch', signal };
    await takeArchive(containers['update-server'], UPDATE_SERVER_VERSION, source, how);
    print(fetchedText(await lab.fetchUpdateServer({ signal })));
  });
}
