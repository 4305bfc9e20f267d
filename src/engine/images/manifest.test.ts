import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from './digest.js';
import { cachedIn, imageIn, type Manifest, readManifest } from './manifest.js';
import { sha256, writeImage } from './test-support.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'manifest-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('an image directory', () => {
  test('is an image when all its files are there in their sizes', async () => {
    const manifest = await writeImage(directory);
    expect(await readManifest(directory)).toEqual(manifest);
    expect(await imageIn(directory, 'qemu')).toEqual({
      name: 'labos',
      version: '1.0.0',
      hash: manifest.hash,
      directory,
      artefacts: ['kernel', 'initrd', 'qemu'],
      kernel: join(directory, 'flatcar_production_pxe.vmlinuz'),
      initrd: join(directory, 'flatcar_production_pxe_image.cpio.gz'),
      disk: join(directory, 'flatcar_production_qemu_image.img'),
      bytes: manifest.files.reduce((sum, { size }) => sum + size, 0),
    });
  });

  test.each([
    ['the kernel', 'vmlinuz', { qemu: false, virtualbox: false }],
    ['the disk of this hypervisor', 'vmdk', { qemu: true, virtualbox: false }],
    ['what nodes install', 'image.bin.bz2', { qemu: false, virtualbox: false }],
  ])('is there, but none to start machines from, without %s', async (_what, end, usable) => {
    const { files } = await writeImage(directory, { name: 'flatcar' });
    for (const provider of ['qemu', 'virtualbox'] as const) expect(await imageIn(directory, provider)).toBeDefined();
    const left = files.filter(({ name }) => !name.endsWith(end));
    expect(left).toHaveLength(files.length - 1);
    await writeImage(directory, { name: 'flatcar', files: left });
    expect((await cachedIn(directory))?.artefacts).toHaveLength(4);
    for (const provider of ['qemu', 'virtualbox'] as const)
      expect((await imageIn(directory, provider)) !== undefined).toBe(usable[provider]);
  });

  test('is none without a file, or with one that is too long', async () => {
    await writeImage(directory);
    await appendFile(join(directory, 'version.txt'), 'x');
    expect(await imageIn(directory, 'qemu')).toBeUndefined();
    await rm(join(directory, 'version.txt'));
    expect(await imageIn(directory, 'qemu')).toBeUndefined();
    expect(await imageIn(join(directory, 'nowhere'), 'qemu')).toBeUndefined();
  });
});

describe('a manifest is refused', () => {
  const wrong: [string, Partial<Record<keyof Manifest, unknown>>][] = [
    ['of an unknown system', { name: 'debian' }],
    ['with a version that leaves its folder', { version: '../../x' }],
    ['with an empty version', { version: '' }],
    ['with a hash that is none', { hash: 'not hexadecimal' }],
    ['with a short hash', { hash: 'abc' }],
    ['without files', { files: undefined }],
    ['with files that are no list', { files: {} }],
  ];
  test.each(wrong)('%s', async (_name, change) => {
    await writeImage(directory, change as Partial<Manifest>);
    expect(await readManifest(directory)).toBeUndefined();
    expect(await imageIn(directory, 'qemu')).toBeUndefined();
  });

  const entries: [string, unknown][] = [
    ['in another folder', { name: '../passwd', size: 1, sha256: '0'.repeat(64) }],
    ['with a broken size', { name: 'a', size: 1.5, sha256: '0'.repeat(64) }],
    ['with a size as text', { name: 'a', size: '1', sha256: '0'.repeat(64) }],
    ['with a short checksum', { name: 'a', size: 1, sha256: '00' }],
    ['that is null', null],
    ['without anything', {}],
  ];
  test.each(entries)('with a file %s', async (_name, entry) => {
    const { files } = await writeImage(directory);
    expect(await readManifest(directory)).toBeDefined();
    await writeImage(directory, { files: [...files, entry] as Manifest['files'] });
    expect(await readManifest(directory)).toBeUndefined();
  });

  test.each(['', 'null', '[]', '{', '"text"'])('that is %j', async (text) => {
    await writeImage(directory);
    await writeFile(join(directory, 'manifest.json'), text);
    expect(await readManifest(directory)).toBeUndefined();
  });
});

describe('the SHA-256 of a file', () => {
  test('is that of all its bytes', async () => {
    const bytes = Buffer.alloc(300_000, 'abc');
    await writeFile(join(directory, 'file'), bytes);
    expect(await digestOf('sha256', join(directory, 'file'))).toBe(sha256(bytes));
  });

  test('is not waited for after an abort, and a missing file rejects', async () => {
    await writeFile(join(directory, 'file'), 'x');
    await expect(digestOf('sha256', join(directory, 'file'), AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    });
    await expect(digestOf('sha256', join(directory, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
