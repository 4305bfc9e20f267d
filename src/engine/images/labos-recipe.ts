import { join } from 'node:path';
import { updatesOf } from './definitions/labos.js';
import type { Recipe } from './run-build.js';

/** How provision/labos/build makes the Lab OS. */
export function labosRecipe(provisionDirectory: string): Recipe {
  return {
    directory: join(provisionDirectory, 'labos'),
    sources: ['lib', 'update-engine', 'locksmith'].map((name) => join(provisionDirectory, name)),
    title: 'the Lab OS',
    id: 'image',
    workFolder: 'labos-build',
    // Measured on two cores; see docs/performance.md.
    shares: { packages: 40, engine: 20, system: 6, initrd: 4, usr: 8, updates: 15, disk: 3, manifest: 4 },
    room: '4 GB',
    options: (version) => ['--updates', Object.values(updatesOf(version)).join(',')],
  };
}
