import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultLabConfig } from '../config/defaults.js';
import type { ImageStore } from '../images/image-store.js';
import { cachedIn, imageIn } from '../images/manifest.js';
import { sha256, writeImage } from '../images/test-support.js';
import { localSsh, TARGET } from './local-ssh-test-support.js';
import { PAYLOADS, sendUpdates } from './send-updates.js';
import { makeTestLab, type TestLab } from './test-support.js';

let world: TestLab;
let directory: string;

beforeEach(async () => {
  world = await makeTestLab();
  directory = join(world.directory, 'image');
});
afterEach(() => world.dispose());

/** An image that came with these updates. */
async function image(...versions: string[]): Promise<void> {
  const { files } = await writeImage(directory);
  for (const version of versions) {
    const name = `flatcar_production_update-${version}.gz`;
    await writeFile(join(directory, name), `to ${version}`);
    files.push({ name, size: `to ${version}`.length, sha256: sha256(`to ${version}`) });
  }
  await writeImage(directory, { files });
}

async function send(
  config = defaultLabConfig(),
  images = { find: () => imageIn(directory, 'qemu'), list: async () => [] } as unknown as ImageStore,
) {
  const ssh = (await localSsh(world.exec, world.directory)) as TestLab['ssh'];
  const there = join(world.directory, 'there');
  const moved: TestLab['ssh'] = {
    ...ssh,
    script: (target, script, options) =>
      ssh.script(target, script, { ...options, input: (options?.input ?? '').replaceAll(PAYLOADS, there) }),
  };
  await mkdir(there, { recursive: true });
  const provider = { ...world.provider, capabilities: { ...world.provider.capabilities, loopback: '127.0.0.1' } };
  return sendUpdates({ ...world, ssh: moved, images, provider, config }, async () => TARGET);
}
const arrived = (version: string) => readFile(join(world.directory, 'there', `${version}.gz`), 'utf8');

test('the updates that came with the image arrive under their versions, once; no others', async () => {
  await image('1.1.0', '1.2.0', '9.9.9');
  expect(await send()).toEqual({ versions: ['1.1.0', '1.2.0'], sent: 2, bytes: 16 });
  expect(await arrived('1.1.0')).toBe('to 1.1.0');
  expect(await arrived('1.2.0')).toBe('to 1.2.0');
  await expect(arrived('9.9.9')).rejects.toThrow('ENOENT');
  expect(await send()).toMatchObject({ sent: 0 });
  await rm(join(world.directory, 'there', '1.1.0.gz'));
  expect(await send()).toMatchObject({ sent: 1 });
});

test('what Flatcar is updated to is relayed from the copy in the cache, which has a folder of its own', async () => {
  const boot = await writeImage(join(world.directory, 'boot'), { name: 'flatcar', version: '4757.2.0' });
  const name = 'flatcar_production_update.gz';
  await mkdir(directory);
  await writeFile(join(directory, name), 'the payload');
  const payload = { name, size: 11, sha256: sha256('the payload') };
  const manifest = { name: 'flatcar', version: '4757.2.1', hash: boot.hash, files: [payload] };
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
  const list = () => Promise.all([join(world.directory, 'boot'), directory].map((each) => cachedIn(each)));
  const config = defaultLabConfig('flatcar');
  config.image = { ...config.image, version: '4757.2.0', update: '4757.2.1' };
  expect(await send(config, { list } as ImageStore)).toEqual({ versions: ['4757.2.1'], sent: 1, bytes: 11 });
  expect(await arrived('4757.2.1')).toBe('the payload');
});

test('an image of another version has updates that are newer than it', async () => {
  await image('1.1.0', '1.2.0', '2.10.0', '2.11.0');
  const config = defaultLabConfig();
  const sent = await send({ ...config, image: { ...config.image, version: '2.9.3' } });
  expect(sent.versions).toEqual(['2.10.0', '2.11.0']);
});

test('an update that is missing is named, with what to do', async () => {
  await image('1.1.0');
  await expect(send()).rejects.toMatchObject({
    code: 'NO_UPDATES',
    message: 'The update to the Lab OS 1.2.0 is not in the cache.',
    remedy: [expect.stringContaining('coreos-lab image build')],
    exitCode: 2,
  });
});

test('a lab of Flatcar that names no version to update to is told how', async () => {
  const config = defaultLabConfig('flatcar');
  await expect(send(config)).rejects.toMatchObject({
    code: 'NO_UPDATES',
    message: expect.stringContaining('lab.yaml does not say'),
    remedy: [expect.stringContaining('image.update'), expect.stringContaining('image fetch --all')],
  });
});
