import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../errors.js';
import type { EventSink } from '../events.js';
import type { Exec } from '../exec.js';
import { requireChecksum } from '../images/checksum.js';
import { download } from '../images/download.js';
import { recipeHash } from '../images/recipe-hash.js';
import { runBuild } from '../images/run-build.js';
import type { ContainerRecipe } from './container-recipes.js';
import type { ContainerStore } from './container-store.js';
import { archiveIn } from './manifest.js';

export interface ContainerStoreParts {
  exec: Exec;
  events: EventSink;
  cacheDirectory: string;
  recipe: ContainerRecipe;
}

/** Archives in `<cache>/containers/<name>/<version>-<hash>/`. */
export function createContainerStore(parts: ContainerStoreParts): ContainerStore {
  const { exec, events, cacheDirectory, recipe } = parts;
  const { name } = recipe;
  const root = join(cacheDirectory, 'containers', name);
  const place = (version: string, hash: string) => join(root, `${version}-${hash.slice(0, 12)}`);
  const builtPlace = async (version: string) => place(version, await recipeHash(exec, recipe, version, cacheDirectory));

  return {
    async find(version) {
      const own = await archiveIn(await builtPlace(version));
      if (own !== undefined) return own;
      const folders = (await readdir(root).catch(() => [])).filter((folder) => !folder.startsWith('.')).sort();
      const all = await Promise.all(folders.map((folder) => archiveIn(join(root, folder))));
      return all.findLast((archive) => archive?.version === version);
    },

    async build(version, { signal } = {}) {
      const target = await builtPlace(version);
      const found = await archiveIn(target);
      if (found !== undefined) return found;
      await runBuild({ exec, events, recipe, version, target, cacheDirectory, signal });
      const archive = await archiveIn(target);
      if (archive !== undefined) return archive;
      throw new LabError({
        code: 'IMAGE_BUILD',
        message: `The build of ${recipe.title} ended, but ${target} is not whole.`,
        remedy: [`Run it again: ${recipe.command}`],
      });
    },

    async fetch(version, source, sha256, { signal } = {}) {
      const wanted = requireChecksum(sha256);
      const fresh = join(root, `.fetch-${randomBytes(4).toString('hex')}`);
      const archive = join(cacheDirectory, 'downloads', wanted);
      try {
        await download({ source, digest: { algorithm: 'sha256', hex: wanted }, target: archive, events, signal });
        await mkdir(fresh, { recursive: true });
        const { size } = await stat(archive);
        await rename(archive, join(fresh, `${name}.tar`));
        const files = [{ name: `${name}.tar`, size, sha256: wanted }];
        await writeFile(join(fresh, 'manifest.json'), `${JSON.stringify({ name, version, hash: wanted, files })}\n`);
        const target = place(version, wanted);
        await rm(target, { recursive: true, force: true });
        await rename(fresh, target);
        const taken = await archiveIn(target);
        if (taken === undefined) throw new Error('an archive that was just written is whole');
        return taken;
      } finally {
        await rm(fresh, { recursive: true, force: true });
        await rm(archive, { force: true });
      }
    },
  };
}
