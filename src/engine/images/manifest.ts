import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ImageFiles } from './image-store.js';

/** manifest.json of an image directory, as provision/labos/build writes it. */
export interface Manifest {
  name: ImageFiles['name'];
  version: string;
  hash: string;
  files: { name: string; size: number; sha256: string }[];
}

const NEEDED = [
  'flatcar_production_pxe.vmlinuz',
  'flatcar_production_pxe_image.cpio.gz',
  'flatcar_production_qemu_image.img',
];

/** The manifest of a directory, or undefined when there is none that can be understood. */
export async function readManifest(directory: string): Promise<Manifest | undefined> {
  try {
    const value = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as Partial<Manifest>;
    const { name, version, hash, files } = value;
    if (name !== 'labos' && name !== 'flatcar') return undefined;
    if (typeof version !== 'string' || typeof hash !== 'string' || !Array.isArray(files)) return undefined;
    if (!/^[\w.+-]{1,40}$/.test(version) || !/^[0-9a-f]{12,64}$/.test(hash)) return undefined;
    const plain = files.every(
      (file) => /^[\w.+-]+$/.test(file.name) && Number.isSafeInteger(file.size) && /^[0-9a-f]{64}$/.test(file.sha256),
    );
    const whole = NEEDED.every((file) => files.some((entry) => entry.name === file));
    return plain && whole ? (value as Manifest) : undefined;
  } catch {
    return undefined;
  }
}

/** The image in a directory if all its files are there in their right sizes. Cheap: contents are checked when it is made. */
export async function imageIn(directory: string): Promise<ImageFiles | undefined> {
  const manifest = await readManifest(directory);
  if (manifest === undefined) return undefined;
  for (const { name, size } of manifest.files) {
    const found = await stat(join(directory, name)).catch(() => undefined);
    if (found?.size !== size) return undefined;
  }
  return {
    name: manifest.name,
    version: manifest.version,
    hash: manifest.hash,
    directory,
    kernel: join(directory, 'flatcar_production_pxe.vmlinuz'),
    initrd: join(directory, 'flatcar_production_pxe_image.cpio.gz'),
    disk: join(directory, 'flatcar_production_qemu_image.img'),
    bytes: manifest.files.reduce((sum, { size }) => sum + size, 0),
  };
}

/** SHA-256 of a file, hex. */
export async function sha256File(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { ...(signal && { signal }) });
  return hash.digest('hex');
}
