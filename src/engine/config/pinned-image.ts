import { join } from 'node:path';
import { imageDefinition } from '../images/image-definition.js';
import { isChannel } from '../images/release/versions.js';
import { readJson, writeFileAtomic } from '../state/atomic-file.js';
import type { ImageConfig, LabConfig } from './lab-config.js';

/** What channels stood for when this lab asked: { flatcar: { stable: '4593.2.5' } }. */
type Pins = Partial<Record<string, Record<string, string>>>;

/**
 * A lab that names a channel keeps the version that it got: machines that are made later are of the same one, whatever was released meanwhile.
 * A channel that was not asked yet stays.
 */
export async function withPinnedImage(config: LabConfig, labDirectory: string): Promise<LabConfig> {
  const pins = (await readPins(labDirectory))[config.image.name] ?? {};
  const image = { ...config.image };
  for (const key of channelKeys(image)) {
    const channel = image[key] as string;
    const version = pins[channel];
    if (version !== undefined) pinKey(image, key, channel, version);
  }
  return { ...config, image };
}

/** Which of `version` and `update` name a channel that was not asked yet; with `renew`, which ones did. */
export function openChannels(image: ImageConfig, renew = false): { key: 'version' | 'update'; channel: string }[] {
  const open = channelKeys(image).map((key) => ({ key, channel: image[key] as string }));
  const asked = (['version', 'update'] as const).flatMap((key) => {
    const channel = image.channels?.[key];
    return channel === undefined ? [] : [{ key, channel }];
  });
  return renew ? [...open, ...asked] : open;
}

/** Keeps what a channel stands for with the lab, and puts it in the channel's place. */
export async function pinVersion(
  { image }: LabConfig,
  labDirectory: string,
  key: 'version' | 'update',
  channel: string,
  version: string,
): Promise<void> {
  const pins = await readPins(labDirectory);
  pins[image.name] = { ...pins[image.name], [channel]: version };
  await writeFileAtomic(pinFile(labDirectory), `${JSON.stringify(pins, null, 1)}\n`);
  pinKey(image, key, channel, version);
}

function pinKey(image: ImageConfig, key: 'version' | 'update', channel: string, version: string): void {
  image[key] = version;
  image.channels = { ...image.channels, [key]: channel };
}

function channelKeys(image: ImageConfig): ('version' | 'update')[] {
  const definition = imageDefinition(image.name);
  return (['version', 'update'] as const).filter((key) => isChannel(definition, image[key] ?? ''));
}

async function readPins(labDirectory: string): Promise<Pins> {
  return (await readJson(pinFile(labDirectory), isPins)) ?? {};
}

function pinFile(labDirectory: string): string {
  return join(labDirectory, 'image-pins.json');
}

function isPins(value: unknown): value is Pins {
  const isGroup = (part: unknown): part is object => typeof part === 'object' && part !== null && !Array.isArray(part);
  return (
    isGroup(value) &&
    Object.values(value).every(
      (pins) => isGroup(pins) && Object.values(pins).every((version) => /^\d+\.\d+\.\d+$/.test(String(version))),
    )
  );
}
