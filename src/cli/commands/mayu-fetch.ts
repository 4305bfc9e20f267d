import type { Command } from 'commander';
import { LabError } from '../../engine/errors.js';
import { fetchedText } from '../../engine/lab/mayu-texts.js';
import { withLab } from '../context.js';
import { print } from '../output.js';

export async function run(source: string | undefined, options: { sha256?: string }, command: Command): Promise<void> {
  if ((source === undefined) !== (options.sha256 === undefined)) throw needsBoth();
  await withLab(command, { lock: true, report: true }, async ({ lab, containers, config, signal }) => {
    if (source !== undefined && options.sha256 !== undefined)
      await containers.fetch(config.mayu.version, source, options.sha256, { signal });
    print(fetchedText(await lab.fetchMayu({ signal })));
  });
}

function needsBoth(): LabError {
  return new LabError({
    code: 'CHECKSUM_MISSING',
    message: 'An archive is taken together with its checksum only.',
    remedy: ['Write: coreos-lab mayu fetch URL-OR-FILE --sha256 CHECKSUM', 'Or neither: coreos-lab mayu fetch'],
    exitCode: 2,
  });
}
