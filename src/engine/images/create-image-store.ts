import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../errors.js';
import type { EventSink } from '../events.js';
import type { Exec } from '../exec.js';
import { requireChecksum } from './checksum.js';
import { download } from './download.js';
import type { ImageFiles, ImageStore } from './image-store.js';
import { labosRecipe } from './labos-recipe.js';
import { imageIn } from './manifest.js';
import { recipeHash } from './recipe-hash.js';
import { runBuild } from './run-build.js';
import { unpackImage } from './unpack.js';

export interface ImageStoreParts {
  exec: Exec;
  events: EventSink;
  cacheDirectory: string;
  /** The package's provision/ folder. */
  provisionDirectory: string;
}

/** Images in `<cache>/images/<name>/<version>-<hash>/`. */
export function createImageStore(parts: ImageStoreParts): ImageStore {
  const { exec, events, cacheDirectory, provisionDirectory } = parts;
  const recipe = labosRecipe(provisionDirectory);
  const root = join(cacheDirectory, 'images');
  const place = (name: string, version: string, hash: string) => join(root, name, `${version}-${hash.slice(0, 12)}`);

  async function imagesOf(name: ImageFiles['name']): Promise<ImageFiles[]> {
    const folders = await readdir(join(root, name)).catch(() => []);
    const images = await Promise.all(folders.sort().map((folder) => imageIn(join(root, name, folder))));
    return images.filter((image) => image !== undefined);
  }

  async function built(version: string): Promise<ImageFiles | undefined> {
    return imageIn(place('labos', version, await recipeHash(exec, recipe, version, cacheDirectory)));
  }

  return {
    async find(name, version) {
      // What the recipe of this program makes comes first, then what was fetched from elsewhere.
      const own = name === 'labos' ? await built(version) : undefined;
      return own ?? (await imagesOf(name)).findLast((image) => image.version === version);
    },

    list: async () => (await Promise.all((['labos', 'flatcar'] as const).map(imagesOf))).flat(),

    async build(_name, version, { signal } = {}) {
      const found = await built(version);
      if (found !== undefined) return found;
      const target = place('labos', version, await recipeHash(exec, recipe, version, cacheDirectory));
      await runBuild({ exec, events, recipe, version, target, cacheDirectory, signal });
      const image = await imageIn(target);
      if (image !== undefined) return image;
      throw new LabError({
        code: 'IMAGE_BUILD',
        message: `The build of the Lab OS ended, but ${target} is not whole.`,
        remedy: ['Run it again: coreos-lab image build'],
      });
    },

    async fetch(source, sha256, { signal } = {}) {
      const wanted = requireChecksum(sha256);
      const archive = join(cacheDirectory, 'downloads', wanted);
      const unpacked = join(root, `.unpack-${randomBytes(4).toString('hex')}`);
      try {
        await download({ source, sha256: wanted, target: archive, events, signal });
        await unpackImage(exec, archive, unpacked, signal);
        const image = await imageIn(unpacked);
        if (image === undefined) throw new Error('an unpacked image is whole');
        const target = place(image.name, image.version, image.hash);
        await rm(target, { recursive: true, force: true });
        await mkdir(join(root, image.name), { recursive: true });
        await rename(unpacked, target);
        return (await imageIn(target)) ?? image;
      } finally {
        await rm(unpacked, { recursive: true, force: true });
        await rm(archive, { force: true });
      }
    },

    remove: (image) => rm(image.directory, { recursive: true, force: true }),
  };
}
