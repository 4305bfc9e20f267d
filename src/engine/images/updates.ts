import { join } from 'node:path';
import type { ImageConfig } from '../config/lab-config.js';
import { type ImageDefinition, imageDefinition } from './image-definition.js';
import type { CachedImage } from './image-store.js';
import { type ManifestFile, readManifest } from './manifest.js';

/** A payload for update-engine, in the cache. */
export interface UpdateFile extends ManifestFile {
  version: string;
  file: string;
}

/** The versions that machines of this image are updated to: one to take, and one that does not come up, where there is one. */
export function updateVersions(image: ImageConfig): { next?: string; broken?: string } {
  const own = imageDefinition(image.name).updates?.(image.version);
  if (own !== undefined) return own;
  return image.update === undefined ? {} : { next: image.update };
}

/** The payloads among cached images of one name: what came with an image, or the payload of another version. */
export async function updatesIn(definition: ImageDefinition, images: readonly CachedImage[]): Promise<UpdateFile[]> {
  const found = new Map<string, UpdateFile>();
  for (const { directory, version } of images) {
    const manifest = await readManifest(directory);
    for (const entry of manifest?.files ?? []) {
      const own = entry.name === definition.artefacts.update?.file ? version : undefined;
      const [, given] = /^flatcar_production_update-(\d+\.\d+\.\d+)\.gz$/.exec(entry.name) ?? [];
      const of = own ?? given;
      if (of !== undefined) found.set(of, { ...entry, version: of, file: join(directory, entry.name) });
    }
  }
  return [...found.values()];
}
