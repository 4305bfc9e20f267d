import { join } from 'node:path';
import type { Recipe } from './run-build.js';

/** How provision/labos/build makes the Lab OS. */
export function labosRecipe(provisionDirectory: string): Recipe {
  return {
    directory: join(provisionDirectory, 'labos'),
    title: 'the Lab OS',
    id: 'image',
    workFolder: 'labos-build',
    // Measured on two cores; see docs/performance.md.
    shares: { packages: 66, system: 10, initrd: 6, usr: 8, disk: 5, manifest: 5 },
    room: '4 GB',
  };
}
