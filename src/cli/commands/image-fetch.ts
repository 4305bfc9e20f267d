import type { Command } from 'commander';
import { bytesText } from '../../engine/bytes-text.js';
import { LabError } from '../../engine/errors.js';
import type { CachedImage } from '../../engine/images/image-store.js';
import { withLab } from '../context.js';
import { print } from '../output.js';

interface FetchOptions {
  sha256?: string;
  all?: boolean;
  mirror?: string;
  renew?: boolean;
}

export async function run(source: string | undefined, options: FetchOptions, command: Command): Promise<void> {
  const { sha256, ...releases } = options;
  if ((source === undefined) !== (sha256 === undefined)) throw needsBoth();
  if (source !== undefined && Object.keys(releases).length > 0) throw clash();
  await withLab(command, { lock: true, report: true }, async ({ images, lab, signal }) => {
    const fetched =
      source !== undefined && sha256 !== undefined
        ? [await images.fetch(source, sha256, { signal })]
        : await lab.fetchImages({ ...releases, signal });
    for (const line of new Set(fetched.map(fetchedText))) print(line);
  });
}

function fetchedText({ name, version, bytes, directory }: CachedImage): string {
  return `${name} ${version} (${bytesText(bytes)}) is in ${directory}`;
}

function needsBoth(): LabError {
  return new LabError({
    code: 'CHECKSUM_MISSING',
    message: 'A packed image is taken together with its checksum only.',
    remedy: [
      'Write: coreos-lab image fetch URL-OR-FILE --sha256 CHECKSUM',
      'For a release, which is signed, write neither: coreos-lab image fetch',
    ],
    exitCode: 2,
  });
}

function clash(): LabError {
  return new LabError({
    code: 'OPTIONS_CLASH',
    message: '--all, --mirror and --renew are for releases, not for a packed image.',
    remedy: ['Leave them out, or leave the file and its checksum out.'],
    exitCode: 2,
  });
}
