import { resolve } from 'node:path';
import { openChannels, pinVersion } from '../config/pinned-image.js';
import { isUrl } from '../images/http.js';
import { type ArtefactName, imageDefinition } from '../images/image-definition.js';
import type { CachedImage, ImageFiles } from '../images/image-store.js';
import type { FetchImagesOptions, OperationOptions } from '../lab.js';
import type { LabParts } from './parts.js';
import { requireImage } from './specs.js';

type Parts = Pick<LabParts, 'config' | 'images' | 'paths' | 'baseDirectory' | 'events'>;

/** See Lab.ensureImage. */
export async function obtainImage(parts: LabParts, operation: OperationOptions = {}): Promise<ImageFiles> {
  const { config, images } = parts;
  const found = await images.find(config.image.name, config.image.version);
  if (found !== undefined) return found;
  if (config.image.name === 'labos') return images.build('labos', config.image.version, operation);
  await fetchImages(parts, operation);
  return requireImage(parts);
}

/** See Lab.fetchImages. */
export async function fetchImages(parts: Parts, options: FetchImagesOptions = {}): Promise<CachedImage[]> {
  const { config, images } = parts;
  const { all = false, signal } = options;
  const mirror = mirrorOf(parts, options.mirror);
  const from = { mirror, ...(signal && { signal }) };
  await pinChannels(parts, options.renew === true, from);
  const { name, version, update = version } = config.image;
  if (!all) return [await images.release(name, version, from)];
  return [
    await images.release(name, version, { ...from, artefacts: everything(name, version) }),
    // What machines are updated to: of that version nothing but the payload is of use.
    await images.release(name, update, { ...from, artefacts: ['update'] }),
  ];
}

/** Each channel is asked once in the life of a lab, or again with `renew`. */
async function pinChannels(
  { config, images, paths, events }: Parts,
  renew: boolean,
  options: { mirror: string | undefined; signal?: AbortSignal },
): Promise<void> {
  for (const { key, channel } of openChannels(config.image, renew)) {
    const version = await images.resolve(config.image.name, channel, options);
    await pinVersion(config, paths.labDirectory, key, channel, version);
    const text = `${config.image.name} ${channel} is ${version}; this lab keeps it until: coreos-lab image fetch --renew`;
    events.emit({ type: 'notice', level: 'info', text });
  }
}

function everything(name: CachedImage['name'], version: string): ArtefactName[] {
  const definition = imageDefinition(name);
  const all = Object.keys(definition.artefacts) as ArtefactName[];
  const useless = definition.unsuitable?.(version, 'virtualbox') === undefined ? [] : ['virtualbox'];
  return all.filter((artefact) => artefact !== 'update' && !useless.includes(artefact));
}

function mirrorOf({ config, baseDirectory }: Parts, given: string | undefined): string | undefined {
  if (given !== undefined) return isUrl(given) ? given : resolve(given);
  const { mirror } = config.image;
  return mirror === undefined || isUrl(mirror) ? mirror : resolve(baseDirectory, mirror);
}
