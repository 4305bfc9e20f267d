import { join } from 'node:path';
import type { Recipe } from '../images/run-build.js';

/** How provision/mayu/image/build makes the container image of Mayu. */
export function mayuRecipe(provisionDirectory: string): Recipe {
  return {
    directory: join(provisionDirectory, 'mayu', 'image'),
    title: "Mayu's container image",
    id: 'mayu',
    workFolder: 'mayu-build',
    shares: { go: 80, packages: 10, system: 4, archive: 6 },
    room: '1 GB',
  };
}
