import { LabError } from '../../errors.js';
import type { HttpOptions } from '../http.js';
import type { ImageDefinition, ReleaseSource } from '../image-definition.js';
import type { ReleasePlace } from './release-place.js';
import { readSmallFile } from './small-file.js';

export function isChannel(definition: ImageDefinition, version: string): boolean {
  return definition.release?.channels.includes(version) === true;
}

/** The channel that a version was released to, by its middle number; undefined for what is no version of a release. */
export function channelOf({ channels }: ReleaseSource, version: string): string | undefined {
  const [, channel] = /^\d{3,5}\.(\d{1,2})\.\d{1,3}$/.exec(version) ?? [];
  return channel === undefined ? undefined : channels[Number(channel)];
}

/** Less than 0 if `a` is older. Build numbers grow over all channels. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string) => version.split('.').map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  const differs = left.findIndex((number, index) => number !== right[index]);
  return differs === -1 ? 0 : (left[differs] ?? 0) - (right[differs] ?? 0);
}

/** The newest version of a channel. Rejects with LabError RELEASE_MISSING or RELEASE_UNREADABLE. */
export async function newestVersion(
  definition: ImageDefinition,
  release: ReleaseSource,
  place: ReleasePlace,
  channel: string,
  options: HttpOptions,
): Promise<string> {
  const source = place.file(channel, release.newest, release.versionFile.file);
  const version = await readVersion(definition, release, source, options);
  if (channelOf(release, version) === channel) return version;
  throw new LabError({
    code: 'RELEASE_UNREADABLE',
    message: `${source} names ${version}, which is no version of the channel ${channel}.`,
    remedy: ['Name a version in lab.yaml (image.version), or take the release from elsewhere.'],
  });
}

/** Refuses a folder that is missing or holds another version than its name says. */
export async function requireVersion(
  definition: ImageDefinition,
  release: ReleaseSource,
  place: ReleasePlace,
  version: string,
  options: HttpOptions,
): Promise<string> {
  const channel = channelOf(release, version);
  if (channel === undefined) {
    throw new LabError({
      code: 'RELEASE_MISSING',
      message: `${version} is neither a version of ${definition.title} (such as 4593.2.4) nor a channel of it (${release.channels.join(', ')}).`,
      remedy: ['Correct image.version in lab.yaml.'],
      exitCode: 2,
    });
  }
  const source = place.file(channel, version, release.versionFile.file);
  const found = await readVersion(definition, release, source, options);
  if (found === version) return channel;
  throw new LabError({
    code: 'RELEASE_UNREADABLE',
    message: `${source} names the version ${found}: what lies in that folder is not ${version}.`,
    remedy: ['Put the mirror right, or take the release from elsewhere.'],
  });
}

async function readVersion(
  { title }: ImageDefinition,
  { versionFile }: ReleaseSource,
  source: string,
  options: HttpOptions,
): Promise<string> {
  const text = await readSmallFile(source, options);
  if (text === undefined) throw releaseMissing(title, source);
  const [, version] = new RegExp(`^${versionFile.key}="?([0-9.]+)"?\\r?$`, 'm').exec(text) ?? [];
  if (version !== undefined) return version;
  throw new LabError({
    code: 'RELEASE_UNREADABLE',
    message: `${source} does not say ${versionFile.key}=…: that is no release of ${title}. Some networks answer with a page of their own.`,
    remedy: ['Open the address in a browser. A network that wants a log-in wants it there.'],
  });
}

export function releaseMissing(title: string, source: string): LabError {
  return new LabError({
    code: 'RELEASE_MISSING',
    message: `There is no ${source}: that version of ${title} was not published, is not kept any more, or is not in this mirror.`,
    remedy: ['Name another version or a channel in lab.yaml (image.version), or another mirror.'],
  });
}
