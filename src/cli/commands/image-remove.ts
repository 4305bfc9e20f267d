import type { Command } from 'commander';
import { LabError } from '../../engine/errors.js';
import { withLab } from '../context.js';
import { print } from '../output.js';

export async function run(version: string, _options: object, command: Command): Promise<void> {
  await withLab(command, { lock: true }, async ({ images, lab }) => {
    const found = (await images.list()).filter((image) => image.version === version);
    if (found.length === 0) {
      throw new LabError({
        code: 'NO_IMAGE',
        message: `There is no image of version ${version} in the cache.`,
        remedy: ['See what there is: coreos-lab image list'],
        exitCode: 2,
      });
    }
    const created = (await lab.status()).filter(({ state }) => state !== 'not_created').map(({ name }) => name);
    if (created.length > 0) {
      throw new LabError({
        code: 'IMAGE_IN_USE',
        message: `Disks of ${created.join(', ')} are copies on top of an image: without it they cannot be read.`,
        remedy: ['Remove the machines first: coreos-lab destroy'],
        exitCode: 2,
      });
    }
    for (const image of found) {
      await images.remove(image);
      print(`Removed ${image.directory}`);
    }
  });
}
