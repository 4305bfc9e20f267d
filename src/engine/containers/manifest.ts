import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerArchive, ContainerName } from './container-store.js';

interface Manifest {
  name: ContainerName;
  version: string;
  hash: string;
  files: [{ name: string; size: number; sha256: string }];
}

/** The archive in a directory that a recipe's build made, if its manifest can be understood and the file has its size. */
export async function archiveIn(directory: string): Promise<ContainerArchive | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as Manifest;
    if (!isManifest(manifest)) return undefined;
    const { name, version, hash, files } = manifest;
    const [{ name: fileName, size, sha256 }] = files;
    const file = join(directory, fileName);
    if ((await stat(file)).size !== size) return undefined;
    return { name, version, hash, file, bytes: size, sha256 };
  } catch {
    return undefined;
  }
}

function isManifest({ name, version, hash, files }: Manifest): boolean {
  const hex = /^[0-9a-f]{64}$/;
  if (!['mayu', 'update-server'].includes(name) || !/^[\w.+-]{1,40}$/.test(version) || files.length !== 1) return false;
  return hex.test(hash) && /^[\w.+-]+$/.test(files[0].name) && hex.test(files[0].sha256);
}
