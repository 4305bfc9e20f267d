import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { withPinnedImage } from '../config/pinned-image.js';
import type { CachedImage, ImageStore } from '../images/image-store.js';
import type { FetchImagesOptions } from '../lab.js';
import { fetchImages, obtainImage } from './obtain-image.js';
import { makeTestLab, type TestLab } from './test-support.js';

let world: TestLab;
afterEach(() => world.dispose());

interface Asked {
  method: 'resolve' | 'release';
  version: string;
  mirror?: string | undefined;
  artefacts?: readonly string[] | undefined;
}

/** A store that has nothing and gets what it is asked for; channels stand for `newest`. */
function strictStore(newest: Record<string, string>, asked: Asked[]): ImageStore {
  const got = new Map<string, CachedImage>();
  const planned: Partial<ImageStore> = {
    find: async (_name, version) => got.get(version) as never,
    async resolve(_name, version, { mirror } = {}) {
      asked.push({ method: 'resolve', version, mirror });
      return newest[version] ?? Promise.reject(new Error(`no plan for ${version}`));
    },
    async release(name, version, { mirror, artefacts } = {}) {
      asked.push({ method: 'release', version, mirror, artefacts });
      const image: CachedImage = { name, version, hash: 'ab'.repeat(20), directory: '/x', artefacts: [], bytes: 1 };
      got.set(version, image);
      return image;
    },
  };
  return new Proxy(planned as ImageStore, {
    get(target, key) {
      if (key in target) return target[key as keyof ImageStore];
      throw new Error(`unplanned use of images.${String(key)}`);
    },
  });
}

async function open(image: Partial<TestLab['config']['image']>, newest: Record<string, string> = {}) {
  world = await makeTestLab({
    withoutImage: true,
    config: { image: { name: 'flatcar', version: 'stable', ...image } },
  });
  const asked: Asked[] = [];
  const parts = { ...world, images: strictStore(newest, asked) };
  return { asked, parts, fetch: (options?: FetchImagesOptions) => fetchImages(parts, options) };
}

test('a channel is asked once and kept; what machines are started from is fetched', async () => {
  const { asked, parts } = await open({}, { stable: '4593.2.5' });
  expect(await obtainImage(parts)).toMatchObject({ version: '4593.2.5' });
  expect(asked).toEqual([
    { method: 'resolve', version: 'stable', mirror: undefined },
    { method: 'release', version: '4593.2.5', mirror: undefined, artefacts: undefined },
  ]);
  expect(world.config.image.version).toBe('4593.2.5');
  expect(world.of('notice').map(({ text }) => text)).toEqual([expect.stringContaining('stable is 4593.2.5')]);
  await obtainImage(parts);
  expect(asked).toHaveLength(2);
  const declared = { ...world.config, image: { name: 'flatcar' as const, version: 'stable' } };
  expect((await withPinnedImage(declared, world.paths.labDirectory)).image.version).toBe('4593.2.5');
});

test('a channel that was asked is asked again only when it is wanted', async () => {
  const newest = { stable: '4593.2.5' };
  const { asked, fetch } = await open({}, newest);
  await fetch();
  newest.stable = '4593.2.6';
  await fetch();
  expect(world.config.image.version).toBe('4593.2.5');
  await fetch({ renew: true });
  expect(world.config.image).toMatchObject({ version: '4593.2.6', channels: { version: 'stable' } });
  expect(asked.map(({ method, version }) => `${method} ${version}`)).toEqual([
    'resolve stable',
    'release 4593.2.5',
    'release 4593.2.5',
    'resolve stable',
    'release 4593.2.6',
  ]);
});

test('all of it is every file of the version, and the payload of the update', async () => {
  const { asked, fetch } = await open({ version: '4757.2.0', update: 'stable' }, { stable: '4757.2.1' });
  await fetch({ all: true });
  expect(asked.slice(1)).toEqual([
    {
      method: 'release',
      version: '4757.2.0',
      mirror: undefined,
      artefacts: ['kernel', 'initrd', 'qemu', 'virtualbox', 'install'],
    },
    { method: 'release', version: '4757.2.1', mirror: undefined, artefacts: ['update'] },
  ]);
});

test('a disk that is known not to boot is not fetched', async () => {
  const { asked, fetch } = await open({ version: '4593.2.4' });
  await fetch({ all: true });
  expect(asked[0]?.artefacts).toEqual(['kernel', 'initrd', 'qemu', 'install']);
  expect(asked[1]).toMatchObject({ version: '4593.2.4', artefacts: ['update'] });
});

test('a mirror in lab.yaml is beside it, one on the command line is where you are', async () => {
  const { asked, fetch, parts } = await open({ version: '4757.2.0', mirror: './flatcar' });
  await fetch();
  await fetch({ mirror: 'usb' });
  await fetch({ mirror: 'https://mirror/' });
  expect(asked.map(({ mirror }) => mirror)).toEqual([
    join(parts.baseDirectory, 'flatcar'),
    join(process.cwd(), 'usb'),
    'https://mirror/',
  ]);
});
