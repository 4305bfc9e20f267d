import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../errors.js';
import type { EventSink } from '../events.js';
import type { Exec } from '../exec.js';
import { requireChecksum } from './checksum.js';
import { download } from './download.js';
import { type ImageDefinition, imageDefinition, neededArtefacts, type ReleaseSource } from './image-definition.js';
import type { CachedImage, ImageFiles, ImageStore } from './image-store.js';
import { labosRecipe } from './labos-recipe.js';
import { bootable, cachedIn, imageIn } from './manifest.js';
import { recipeHash } from './recipe-hash.js';
import { fetchRelease } from './release/fetch-release.js';
import { releasePlace } from './release/release-place.js';
import { isChannel, newestVersion } from './release/versions.js';
import { runBuild } from './run-build.js';
import { unpackImage } from './unpack.js';

export interface ImageStoreParts {
  exec: Exec;
  events: EventSink;
  cacheDirectory: string;
  /** The package's provision/ folder. */
  provisionDirectory: string;
  /** Whose disks are asked for. */
  provider?: () => 'qemu' | 'virtualbox';
  /** For tests: an image as it is published elsewhere, under other keys. */
  definitions?: (name: ImageDefinition['name']) => ImageDefinition;
}

/** Images in `<cache>/images/<name>/<version>-<hash>/`. */
export function createImageStore(parts: ImageStoreParts): ImageStore {
  const { exec, events, cacheDirectory, provisionDirectory } = parts;
  const { provider = () => 'qemu', definitions = imageDefinition } = parts;
  const recipe = labosRecipe(provisionDirectory);
  const root = join(cacheDirectory, 'images');
  const place = (name: string, version: string, hash: string) => join(root, name, `${version}-${hash.slice(0, 12)}`);

  async function imagesOf(name: ImageDefinition['name']): Promise<CachedImage[]> {
    const folders = await readdir(join(root, name)).catch(() => []);
    const images = await Promise.all(folders.sort().map((folder) => cachedIn(join(root, name, folder))));
    return images.filter((image) => image !== undefined);
  }

  async function built(version: string): Promise<ImageFiles | undefined> {
    return imageIn(place('labos', version, await recipeHash(exec, recipe, version, cacheDirectory)), provider());
  }

  return {
    async find(name, version) {
      // What the recipe of this program makes comes first, then what was fetched from elsewhere.
      const own = name === 'labos' ? await built(version) : undefined;
      if (own !== undefined) return own;
      const images = (await imagesOf(name)).filter((image) => image.version === version);
      return images.map((image) => bootable(image, provider())).findLast((image) => image !== undefined);
    },

    list: async () => (await Promise.all((['labos', 'flatcar'] as const).map(imagesOf))).flat(),

    async build(_name, version, { signal } = {}) {
      const found = await built(version);
      if (found !== undefined) return found;
      const target = place('labos', version, await recipeHash(exec, recipe, version, cacheDirectory));
      await runBuild({ exec, events, recipe, version, target, cacheDirectory, signal });
      const image = await imageIn(target, provider());
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
        await download({ source, digest: { algorithm: 'sha256', hex: wanted }, target: archive, events, signal });
        await unpackImage(exec, archive, unpacked, signal);
        const image = await cachedIn(unpacked);
        if (image === undefined) throw new Error('an unpacked image is whole');
        const target = place(image.name, image.version, image.hash);
        await rm(target, { recursive: true, force: true });
        await mkdir(join(root, image.name), { recursive: true });
        await rename(unpacked, target);
        return (await cachedIn(target)) ?? image;
      } finally {
        await rm(unpacked, { recursive: true, force: true });
        await rm(archive, { force: true });
      }
    },

    async resolve(name, version, { mirror, signal } = {}) {
      const definition = definitions(name);
      if (!isChannel(definition, version)) return version;
      const release = releaseOf(definition);
      return newestVersion(definition, release, releasePlace(release, mirror), version, { signal });
    },

    async release(name, version, { mirror, artefacts, signal } = {}) {
      const definition = definitions(name);
      const release = releaseOf(definition);
      const unsuitable = artefacts === undefined ? definition.unsuitable?.(version, provider()) : undefined;
      if (unsuitable !== undefined) throw notForProvider(unsuitable);
      const target = place(name, version, release.imageKey.fingerprint);
      await fetchRelease({
        exec,
        events,
        definition,
        release,
        place: releasePlace(release, mirror),
        cacheDirectory,
        version,
        artefacts: artefacts ?? neededArtefacts(definition, provider()),
        target,
        signal,
      });
      const image = await cachedIn(target);
      if (image === undefined) throw new Error('a release that was fetched is whole');
      return image;
    },

    remove: (image) => rm(image.directory, { recursive: true, force: true }),
  };
}

function releaseOf({ title, release, remedy }: ImageDefinition): ReleaseSource {
  if (release !== undefined) return release;
  throw new LabError({
    code: 'NOT_RELEASED',
    message: `There are no releases of ${title} to fetch.`,
    remedy,
    exitCode: 2,
  });
}

function notForProvider(why: string): LabError {
  return new LabError({
    code: 'IMAGE_UNSUITABLE',
    message: `${why}.`,
    remedy: ['Set image.version in lab.yaml to a newer one, or provider to qemu.'],
    exitCode: 2,
  });
}
