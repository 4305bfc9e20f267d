import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findProgram } from '../exec-missing.js';
import { createExec } from '../exec-process.js';
import { createEventBus } from '../state/event-bus.js';
import { imageIn } from './manifest.js';
import { writeImage } from './test-support.js';
import { unpackImage } from './unpack.js';

const exec = createExec(createEventBus());
const zstd = await findProgram('zstd');
let directory: string;
let source: string;
let archive: string;
let target: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'unpack '));
  source = join(directory, 'source');
  archive = join(directory, 'image.tar');
  target = join(directory, 'target');
  await writeImage(source);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function tar(...args: string[]): Promise<void> {
  const { exitCode, stderr } = await exec.run('tar', ['-C', source, '-cf', archive, ...args]);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
}
const refused = (why: string | RegExp) =>
  expect(unpackImage(exec, archive, target)).rejects.toMatchObject({
    code: 'IMAGE_ARCHIVE',
    message: typeof why === 'string' ? expect.stringContaining(why) : expect.stringMatching(why),
  });

describe('an archive of an image directory', () => {
  test.each([
    ['as the remedy says', ['.']],
    ['of its files by name', ['manifest.json', 'version.txt', 'flatcar_production_pxe.vmlinuz']],
  ])('is unpacked: %s', async (name, args) => {
    const rest = ['flatcar_production_pxe_image.cpio.gz', 'flatcar_production_qemu_image.img'];
    await tar(...(name.includes('by name') ? [...args, ...rest] : args));
    await unpackImage(exec, archive, target);
    expect(await imageIn(target, 'qemu')).toMatchObject({ version: '1.0.0' });
    expect((await readdir(target)).sort()).toEqual((await readdir(source)).sort());
  });

  test.skipIf(zstd === undefined)('is unpacked when it is packed with zstd', async () => {
    await tar('--zstd', '.');
    await unpackImage(exec, archive, target);
    expect(await imageIn(target, 'qemu')).toBeDefined();
  });

  test('is refused when a file is not what the manifest says, though its size is right', async () => {
    await writeFile(join(source, 'flatcar_production_pxe.vmlinuz'), 'KERNEL');
    await tar('.');
    await refused('flatcar_production_pxe.vmlinuz is not what its manifest says');
  });

  test('is refused when a file of the manifest is missing', async () => {
    await rm(join(source, 'version.txt'));
    await tar('.');
    await refused('version.txt is not what its manifest says');
  });

  test('is refused when it is cut, wherever', async () => {
    await tar('.');
    const bytes = await readFile(archive);
    for (let length = 100; length < 5632; length += 500) {
      await writeFile(archive, bytes.subarray(0, length));
      await refused('cannot be used as an image');
      await rm(target, { recursive: true, force: true });
    }
  });

  test('is refused without a manifest', async () => {
    await rm(join(source, 'manifest.json'));
    await tar('.');
    await refused('it has no manifest.json');
  });
});

describe('nothing is unpacked', () => {
  test('of what is no archive', async () => {
    await writeFile(archive, 'hello, I am a web page of an error\n'.repeat(100));
    await refused('it is no tar archive');
    await expect(readdir(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  const hostile: [string, () => Promise<unknown>][] = [
    ['a symbolic link', () => symlink('/etc/passwd', join(source, 'link'))],
    [
      'a hard link',
      async () => {
        await exec.run('ln', [join(source, 'version.txt'), join(source, 'hard')]);
      },
    ],
    ['a folder', () => mkdir(join(source, 'folder'))],
    ['a pipe', () => exec.run('mkfifo', [join(source, 'pipe')])],
    ['a name with a space', () => writeFile(join(source, 'two words'), '')],
    ['a name with a new line', () => writeFile(join(source, 'two\nlines'), '')],
  ];
  test.each(hostile)('when it holds %s', async (_name, make) => {
    await make();
    await tar('.');
    await refused('it holds something that is not a plain file');
    await expect(readdir(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([
    ['a folder', 's,^version,folder/version,'],
    ['a folder and a space in its name', 's,^version,a folder/the version,'],
    ['the folder above', 's,^version,../version,'],
    ['the folder above and a space in its name', 's,^version,../the version,'],
    ['an absolute path', 's,^version,/version,'],
    ['a date and a folder', 's,^version,x/ 2024-01-01 00:00 version,'],
  ])('when a file is in %s', async (_name, rename) => {
    await tar('-P', `--transform=${rename}`, ...(await readdir(source)));
    await refused('it holds something that is not a plain file');
    await expect(readdir(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('when its list of files is longer than any image has', async () => {
    await symlink('/etc', join(source, 'a-link'));
    const many = join(source, 'many');
    await mkdir(many);
    const name = 'x'.repeat(200);
    await Promise.all(Array.from({ length: 6000 }, (_, index) => writeFile(join(many, `${name}${index}`), '')));
    await tar(
      'a-link',
      '--transform=s,^many/,,',
      '--no-recursion',
      ...(await readdir(many)).map((file) => `many/${file}`),
    );
    expect((await exec.run('tar', ['-tvf', archive])).stdout).not.toContain('a-link');
    await refused('more files');
  });

  test('after an abort', async () => {
    await tar('.');
    await expect(unpackImage(exec, archive, target, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    await expect(readdir(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test('an archive with rubbish behind its end is still what its manifest says', async () => {
  await tar('.');
  await appendFile(archive, 'rubbish');
  await unpackImage(exec, archive, target);
  expect(await imageIn(target, 'qemu')).toBeDefined();
});
