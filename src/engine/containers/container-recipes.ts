import { join } from 'node:path';
import type { Recipe } from '../images/run-build.js';
import type { ContainerName } from './container-store.js';

/** How a container image is made, and the command that does it. */
export interface ContainerRecipe extends Recipe {
  name: ContainerName;
  command: string;
}

export function containerRecipes(provisionDirectory: string): Record<ContainerName, ContainerRecipe> {
  const folder = (...names: string[]) => join(provisionDirectory, ...names);
  return {
    mayu: {
      name: 'mayu',
      command: 'coreos-lab mayu fetch',
      directory: folder('mayu', 'image'),
      sources: [folder('lib'), folder('labos')],
      title: "Mayu's container image",
      id: 'mayu',
      workFolder: 'mayu-build',
      shares: { go: 80, packages: 10, system: 4, archive: 6 },
      room: '1 GB',
    },
    'update-server': {
      name: 'update-server',
      command: 'coreos-lab updates fetch',
      directory: folder('update', 'image'),
      sources: [folder('lib'), folder('update', 'server')],
      title: "the update server's container image",
      id: 'update-server',
      workFolder: 'update-server-build',
      shares: { go: 90, archive: 10 },
      room: '1 GB',
    },
  };
}
