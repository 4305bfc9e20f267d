import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../errors.js';
import type { Exec } from '../exec.js';
import { readManifest, sha256File } from './manifest.js';

/**
 * Unpacks a verified archive of an image directory and checks each file against its manifest. Rejects with LabError
 * IMAGE_ARCHIVE: an archive may hold plain files without folders only, so nothing can be written elsewhere.
 */
export async function unpackImage(exec: Exec, archive: string, directory: string, signal?: AbortSignal): Promise<void> {
  const options = { quiet: true, ...(signal && { signal }) };
  const list = await exec.run('tar', ['-tvf', archive], options);
  if (list.exitCode !== 0)
    throw refuse(archive, `it is no tar archive (${list.stderr.trim().split('\n').at(-1) ?? ''})`);
  for (const line of list.stdout.split('\n').filter((entry) => entry !== '')) {
    const folder = /^d.*\s\.\/$/.test(line);
    const plain = /^-\S+\s.*\s(\.\/)?[\w.+-]+$/.test(line) && !/\s(\.\/)?\.\.?$/.test(line);
    if (!folder && !plain) throw refuse(archive, `it holds something that is not a plain file: ${line}`);
  }
  await mkdir(directory, { recursive: true });
  const result = await exec.run(
    'tar',
    ['-xf', archive, '--no-same-owner', '--no-same-permissions', '-C', directory],
    options,
  );
  if (result.exitCode !== 0)
    throw refuse(archive, `tar could not unpack it (${result.stderr.trim().split('\n').at(-1) ?? ''})`);
  const manifest = await readManifest(directory);
  if (manifest === undefined) throw refuse(archive, 'it has no manifest.json of an image in it');
  for (const { name, sha256 } of manifest.files) {
    const found = await sha256File(join(directory, name), signal).catch(() => 'missing');
    if (found !== sha256) throw refuse(archive, `${name} is not what its manifest says`);
  }
}

function refuse(archive: string, why: string): LabError {
  return new LabError({
    code: 'IMAGE_ARCHIVE',
    message: `${archive} cannot be used as an image: ${why}.`,
    remedy: [
      'Make the archive of an image directory (coreos-lab image list shows where it is): tar -C DIRECTORY -cf image.tar .',
    ],
  });
}
