import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ImageFiles } from '../images/image-store.js';
import { imageIn } from '../images/manifest.js';
import { sha256, writeImage } from '../images/test-support.js';
import { localSsh, TARGET } from './local-ssh-test-support.js';
import { MAYU_IMAGES, sendImage } from './send-image.js';
import { makeTestLab, type TestLab } from './test-support.js';

const BOOT = ['flatcar_production_pxe.vmlinuz', 'flatcar_production_pxe_image.cpio.gz'];
const INSTALL = 'flatcar_production_image.bin.bz2';

let world: TestLab;
let there: string;

beforeEach(async () => {
  world = await makeTestLab();
  there = join(world.directory, 'there');
  await mkdir(there);
});
afterEach(() => world.dispose());

async function send(name: 'labos' | 'flatcar') {
  const directory = join(world.directory, 'image');
  await writeImage(directory, { name, version: '1.2.3' });
  const image = (await imageIn(directory, 'qemu')) as ImageFiles;
  const ssh = (await localSsh(world.exec, world.directory)) as TestLab['ssh'];
  // Paths of the machine are below `there`, in scripts as in the values that they are given.
  const moved: TestLab['ssh'] = {
    ...ssh,
    script: (target, script, options) =>
      ssh.script(target, script, { ...options, input: (options?.input ?? '').replaceAll(MAYU_IMAGES, there) }),
  };
  const provider = { ...world.provider, capabilities: { ...world.provider.capabilities, loopback: '127.0.0.1' } };
  return sendImage({ ssh: moved, events: world.events, provider }, TARGET, image);
}
const arrived = async () => (await readdir(join(there, '1.2.3'))).filter((name) => !name.startsWith('.')).sort();
const sums = () => readFile(join(there, '1.2.3', 'SHA256SUMS'), 'utf8');

test('the Lab OS is what nodes boot, which is what they install', async () => {
  expect(await send('labos')).toMatchObject({ version: '1.2.3', sent: 2 });
  expect(await arrived()).toEqual(['SHA256SUMS', ...BOOT]);
  expect(await sums()).not.toContain(INSTALL);
});

test('Flatcar comes with the disk that its installer writes, and what that has to be', async () => {
  expect(await send('flatcar')).toMatchObject({ sent: 3 });
  expect(await arrived()).toEqual(['SHA256SUMS', INSTALL, ...BOOT]);
  expect(await readFile(join(there, '1.2.3', INSTALL), 'utf8')).toBe('disk to install');
  expect(await sums()).toContain(`${sha256('disk to install')}  ${INSTALL}\n`);
  expect(await send('flatcar')).toMatchObject({ sent: 0 });
});
