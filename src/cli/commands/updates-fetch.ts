import type { Command } from 'commander';
import { LabError } from '../../engine/errors.js';
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
  await withLab(command, { lock: true, report: true }, async ({ lab, containers, config, signal }) => {
    if (source !== undefined && config.updates.server === 'nebraska') throw onlyPulled();
    const how = { sha256, command: 'coreos-lab updates fetch', signal };
    await takeArchive(containers['update-server'], UPDATE_SERVER_VERSION, source, how);
    print(fetchedText(await lab.fetchUpdateServer({ signal })));
  });
}

function onlyPulled(): LabError {
  return new LabError({
    code: 'NEBRASKA_PULLED',
    message: "An archive is taken of the lab's own update server only, and lab.yaml asks for Nebraska.",
    remedy: [
      'Have Nebraska pulled by the provisioner: coreos-lab updates fetch',
      'Or remove updates.server from lab.yaml, and run the command again.',
    ],
    exitCode: 2,
  });
}
