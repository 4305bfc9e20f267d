import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from './manifest.js';

const FLATCAR = {
  'flatcar_production_virtualbox_image.vmdk': 'disk for VirtualBox',
  'flatcar_production_image.bin.bz2': 'disk to install',
};

/** For tests: a small image directory with a right manifest; `change` alters the manifest before it is written. */
export async function writeImage(directory: string, change: Partial<Manifest> = {}): Promise<Manifest> {
  const contents: Record<string, string> = {
    'flatcar_production_pxe.vmlinuz': 'kernel',
    'flatcar_production_pxe_image.cpio.gz': 'initial RAM disk',
    'flatcar_production_qemu_image.img': `disk ${change.version ?? '1.0.0'}`,
    'version.txt': 'FLATCAR_VERSION=1.0.0\n',
    ...(change.name === 'flatcar' ? FLATCAR : {}),
  };
  await mkdir(directory, { recursive: true });
  for (const [name, text] of Object.entries(contents)) await writeFile(join(directory, name), text);
  const files = Object.entries(contents).map(([name, text]) => ({
    name,
    size: Buffer.byteLength(text),
    sha256: sha256(text),
  }));
  const manifest: Manifest = { name: 'labos', version: '1.0.0', hash: 'ab'.repeat(32), files, ...change };
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
  return manifest;
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
