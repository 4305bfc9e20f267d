import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultLabConfig } from './defaults.js';
import type { ImageConfig, LabConfig } from './lab-config.js';
import { openChannels, pinVersion, withPinnedImage } from './pinned-image.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pins-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const declared = (image: Partial<ImageConfig>): LabConfig => ({
  ...defaultLabConfig('flatcar'),
  image: { name: 'flatcar', version: 'stable', ...image },
});

test('a channel stands for what it stood for when the lab asked, also in the next session', async () => {
  const config = await withPinnedImage(declared({}), directory);
  expect(openChannels(config.image)).toEqual([{ key: 'version', channel: 'stable' }]);
  await pinVersion(config, directory, 'version', 'stable', '4593.2.5');
  expect(config.image).toMatchObject({ version: '4593.2.5' });
  expect(openChannels(config.image)).toEqual([]);
  const later = await withPinnedImage(declared({}), directory);
  expect(later.image).toEqual({ name: 'flatcar', version: '4593.2.5', channels: { version: 'stable' } });
  expect(openChannels(later.image)).toEqual([]);
  expect(openChannels(later.image, true)).toEqual([{ key: 'version', channel: 'stable' }]);
});

test('the two of an update pair are kept apart', async () => {
  const config = declared({ version: 'stable', update: 'beta' });
  await pinVersion(config, directory, 'version', 'stable', '4593.2.5');
  await pinVersion(config, directory, 'update', 'beta', '4757.1.0');
  const later = await withPinnedImage(declared({ version: '4593.2.4', update: 'stable' }), directory);
  expect(later.image).toMatchObject({ version: '4593.2.4', update: '4593.2.5', channels: { update: 'stable' } });
  expect((await withPinnedImage(declared({ version: 'alpha' }), directory)).image.version).toBe('alpha');
});

test('versions and the Lab OS have nothing to pin; what is declared is not changed', async () => {
  const config = declared({ version: '4593.2.4' });
  expect(await withPinnedImage(config, directory)).toEqual(config);
  expect(await withPinnedImage(defaultLabConfig(), directory)).toEqual(defaultLabConfig());
  const asked = declared({});
  await pinVersion(declared({}), directory, 'version', 'stable', '4593.2.5');
  await withPinnedImage(asked, directory);
  expect(asked.image).toEqual({ name: 'flatcar', version: 'stable' });
});

test.each([
  '',
  '[]',
  '{"flatcar":{"stable":"../../x"}}',
  '{"flatcar":"4593.2.5"}',
])('a file that holds %j pins nothing', async (text) => {
  await writeFile(join(directory, 'image-pins.json'), text);
  expect((await withPinnedImage(declared({}), directory)).image.version).toBe('stable');
  const config = declared({});
  await pinVersion(config, directory, 'version', 'stable', '4593.2.5');
  expect(JSON.parse(await readFile(join(directory, 'image-pins.json'), 'utf8'))).toEqual({
    flatcar: { stable: '4593.2.5' },
  });
});
