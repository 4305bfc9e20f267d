import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../errors.js';
import type { Exec } from '../exec.js';
import { digestOf } from './digest.js';
import { imageIn, readManifest } from './manifest.js';

const LONGEST_LIST = 64 * 1024;

/**
 * Lines of a plain file without a folder, or of the archive's own folder, as GNU tar (`-rw-r--r-- 0/0 6 2024-01-01 00:00 name`)
 * and bsdtar (`-rw-r--r--  0 0 0 6 Jan  1 00:00 name`) write them. All columns are counted, so that no part of a name with spaces
 * passes for a name.
 */
const PLAIN = [
  /^-\S+ +[^\s/]+\/\S+ +\d+ +\S+ +\S+ (\.\/)?(?!\.\.?$)[\w.+-]+$/,
  /^d\S+ +[^\s/]+\/\S+ +\d+ +\S+ +\S+ \.\/$/,
  /^-\S+ +\d+ +[^\s/]+ +[^\s/]+ +\d+ +\S+ +\S+ +\S+ (\.\/)?(?!\.\.?$)[\w.+-]+$/,
  /^d\S+ +\d+ +[^\s/]+ +[^\s/]+ +\d+ +\S+ +\S+ +\S+ \.\/$/,
];

/**
 * Unpacks a verified archive of an image directory and checks each file against its manifest. Rejects with LabError
 * IMAGE_ARCHIVE: an archive may hold plain files without folders only, so nothing can be written elsewhere.
 */
export async function unpackImage(exec: Exec, archive: string, directory: string, signal?: AbortSignal): Promise<void> {
  const options = { quiet: true, ...(signal && { signal }) };
  const list = await exec.run('tar', ['--numeric-owner', '-tvf', archive], { ...options, maxBuffer: LONGEST_LIST });
  if (list.exitCode !== 0)
    throw refuse(archive, `it is no tar archive (${list.stderr.trim().split('\n').at(-1) ?? ''})`);
  // Of a longer list only the end would be looked at.
  if (list.stdout.length >= LONGEST_LIST) throw refuse(archive, 'it holds more files than any image has');
  for (const line of list.stdout.split('\n').filter((entry) => entry !== '')) {
    if (!PLAIN.some((pattern) => pattern.test(line)))
      throw refuse(archive, `it holds something that is not a plain file: ${line}`);
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
    const found = await digestOf('sha256', join(directory, name), signal).catch(() => 'missing');
    if (found !== sha256) throw refuse(archive, `${name} is not what its manifest says`);
  }
  const images = await Promise.all((['qemu', 'virtualbox'] as const).map((provider) => imageIn(directory, provider)));
  if (images.every((image) => image === undefined))
    throw refuse(archive, 'no machine can be started from what it holds');
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
