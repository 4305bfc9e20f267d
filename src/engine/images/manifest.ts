import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArtefactName, type ImageDefinition, imageDefinition, neededArtefacts } from './image-definition.js';
import type { CachedImage, ImageFiles } from './image-store.js';

/** manifest.json of an image directory, as provision/labos/build and the store write it. */
export interface Manifest {
  name: ImageDefinition['name'];
  version: string;
  hash: string;
  files: ManifestFile[];
}

export interface ManifestFile {
  name: string;
  size: number;
  sha256: string;
}

export function manifestFile(directory: string): string {
  return join(directory, 'manifest.json');
}

/** The manifest of a directory, or undefined when there is none that can be understood. */
export async function readManifest(directory: string): Promise<Manifest | undefined> {
  try {
    const value = JSON.parse(await readFile(manifestFile(directory), 'utf8')) as Partial<Manifest>;
    const { name, version, hash, files } = value;
    if (name !== 'labos' && name !== 'flatcar') return undefined;
    if (typeof version !== 'string' || typeof hash !== 'string' || !Array.isArray(files)) return undefined;
    if (!/^[\w.+-]{1,40}$/.test(version) || !/^[0-9a-f]{12,64}$/.test(hash)) return undefined;
    const plain = files.every(
      (file) => /^[\w.+-]+$/.test(file.name) && Number.isSafeInteger(file.size) && /^[0-9a-f]{64}$/.test(file.sha256),
    );
    return plain ? (value as Manifest) : undefined;
  } catch {
    return undefined;
  }
}

/** What a manifest's image has of what can be had of such an image. */
export function artefactsOf(manifest: Manifest): ArtefactName[] {
  const all = Object.entries(imageDefinition(manifest.name).artefacts);
  return all
    .filter(([, { file }]) => manifest.files.some(({ name }) => name === file))
    .map(([name]) => name as ArtefactName);
}

/** What is cached in a directory, if all of it is there in its right sizes. Cheap: contents are checked when they come. */
export async function cachedIn(directory: string): Promise<CachedImage | undefined> {
  const manifest = await readManifest(directory);
  if (manifest === undefined) return undefined;
  for (const { name, size } of manifest.files) {
    const found = await stat(join(directory, name)).catch(() => undefined);
    if (found?.size !== size) return undefined;
  }
  const { name, version, hash, files } = manifest;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return { name, version, hash, directory, artefacts: artefactsOf(manifest), bytes };
}

/** The same as something to start machines from, if it has what that takes on this hypervisor. */
export function bootable(image: CachedImage, provider: 'qemu' | 'virtualbox'): ImageFiles | undefined {
  const definition = imageDefinition(image.name);
  if (!neededArtefacts(definition, provider).every((name) => image.artefacts.includes(name))) return undefined;
  const path = (name: ArtefactName) => join(image.directory, definition.artefacts[name]?.file ?? '');
  return { ...image, kernel: path('kernel'), initrd: path('initrd'), disk: path(definition.disk[provider]) };
}

export async function imageIn(directory: string, provider: 'qemu' | 'virtualbox'): Promise<ImageFiles | undefined> {
  const image = await cachedIn(directory);
  return image && bootable(image, provider);
}
