import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../errors.js';
import type { EventSink } from '../../events.js';
import type { Exec } from '../../exec.js';
import { createOneAtATime } from '../../one-at-a-time.js';
import { writeFileAtomic } from '../../state/atomic-file.js';
import { type Digest, digestOf } from '../digest.js';
import { download } from '../download.js';
import type { HttpOptions } from '../http.js';
import type { Artefact, ArtefactName, ImageDefinition, ReleaseSource } from '../image-definition.js';
import { inParallel } from '../in-parallel.js';
import { cachedIn, type Manifest, type ManifestFile, manifestFile, readManifest } from '../manifest.js';
import type { ReleasePlace } from './release-place.js';
import { readSmallFile } from './small-file.js';
import { Trust } from './trust.js';
import { payloadFault } from './update-payload.js';
import { releaseMissing, requireVersion } from './versions.js';

/** More would not be faster, and fewer finish one after the other when a server gives each connection its share. */
const SIDE_BY_SIDE = 3;

export interface FetchReleaseOptions extends HttpOptions {
  exec: Exec;
  events: EventSink;
  definition: ImageDefinition;
  release: ReleaseSource;
  place: ReleasePlace;
  cacheDirectory: string;
  version: string;
  artefacts: readonly ArtefactName[];
  /** The image's directory. */
  target: string;
}

interface Wanted extends Artefact {
  source: string;
  /** Its name where it is published. */
  published: string;
}

/**
 * Fetches artefacts of a version that are not in the image's directory yet. First all proofs are looked at, then the large files come, several at
 * a time. A file gets its name after it was verified, and is in the manifest after that; what is not in the manifest does not count.
 */
export async function fetchRelease(options: FetchReleaseOptions): Promise<void> {
  const { definition, release, place, version, target, cacheDirectory, signal } = options;
  const have = (await cachedIn(target))?.artefacts ?? [];
  const names = options.artefacts.filter((name) => !have.includes(name));
  if (names.length === 0) return;
  const channel = await requireVersion(definition, release, place, version, options);
  const wanted = names.map((name): Wanted => {
    const artefact = definition.artefacts[name];
    if (artefact === undefined) throw new Error(`${definition.title} has no artefact ${name}`);
    const published = `${artefact.file}${artefact.packed ?? ''}`;
    return { ...artefact, published, source: place.file(artefact.shelf ?? channel, version, published) };
  });
  const trust = new Trust(definition, release, place, cacheDirectory);
  // One proof first: should the key be missing or no good, that is told once, and nothing large has come.
  const digests: Digest[] = [];
  for (const each of wanted) digests.push(await digestFor(each, trust, definition, options));
  await mkdir(target, { recursive: true });
  const oneAtATime = createOneAtATime();
  await inParallel([...wanted.entries()], SIDE_BY_SIDE, signal, async ([index, each], ended) => {
    const file = await fetchOne(each, digests[index] as Digest, trust, { ...options, signal: ended });
    await oneAtATime('manifest', () => addToManifest(options, file));
  });
}

async function digestFor(
  { source, published, proof }: Wanted,
  trust: Trust,
  { title }: ImageDefinition,
  options: HttpOptions,
): Promise<Digest> {
  if (proof === 'digests') return { algorithm: 'sha512', hex: await trust.sha512(source, published, options) };
  // This proves nothing but that it came whole; the signature within is looked at when it has.
  const text = await readSmallFile(`${source}.sha256`, options);
  const [, hex] = /^([0-9a-f]{64})\b/.exec(text ?? '') ?? [];
  if (hex === undefined) throw releaseMissing(title, `${source}.sha256`);
  return { algorithm: 'sha256', hex };
}

async function fetchOne(
  wanted: Wanted,
  digest: Digest,
  trust: Trust,
  options: FetchReleaseOptions,
): Promise<ManifestFile> {
  const { events, cacheDirectory, target, signal, stall } = options;
  const { source, published, file, packed, proof } = wanted;
  // Named by what it must be: what is left of another file is never gone on with.
  const fresh = join(cacheDirectory, 'downloads', digest.hex.slice(0, 64));
  const unpacked = packed === undefined ? fresh : `${fresh}.unpacked`;
  try {
    await download({ source, digest, target: fresh, events, signal, stall, title: published });
    if (proof === 'payload') {
      const fault = await payloadFault(fresh, await trust.updateKey(options), signal);
      if (fault !== undefined) throw notSigned(source, fault);
    }
    if (packed !== undefined) await unpack(options.exec, fresh, packed, unpacked, signal);
    const [sha256, { size }] = await Promise.all([digestOf('sha256', unpacked, signal), stat(unpacked)]);
    await rename(unpacked, join(target, file));
    return { name: file, size, sha256 };
  } finally {
    for (const left of [fresh, unpacked, `${unpacked}${packed}`]) await rm(left, { force: true });
  }
}

async function unpack(
  exec: Exec,
  file: string,
  packed: '.bz2',
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await rename(file, `${target}${packed}`);
  const { exitCode, stderr } = await exec.run('bunzip2', ['--force', `${target}${packed}`], {
    ...(signal && { signal }),
  });
  if (exitCode === 0) return;
  const full = /No space left/i.test(stderr);
  throw new LabError({
    code: full ? 'DISK_FULL' : 'IMAGE_ARCHIVE',
    message: `${target}${packed} could not be unpacked: ${stderr.trim().split('\n').at(-1) ?? ''}`,
    remedy: full
      ? ['Make room and run the command again, or set XDG_CACHE_HOME to a directory on another disk.']
      : ['Run the command again.'],
  });
}

async function addToManifest({ definition, release, version, target }: FetchReleaseOptions, file: ManifestFile) {
  const before = (await cachedIn(target)) === undefined ? undefined : await readManifest(target);
  const files = [...(before?.files ?? []).filter(({ name }) => name !== file.name), file];
  const manifest: Manifest = { name: definition.name, version, hash: release.imageKey.fingerprint, files };
  await writeFileAtomic(manifestFile(target), `${JSON.stringify(manifest, null, 1)}\n`, 0o644);
}

function notSigned(source: string, fault: string): LabError {
  return new LabError({
    code: 'SIGNATURE_WRONG',
    message: `${source} cannot be trusted: ${fault}. It was thrown away.`,
    remedy: ['Take the release from elsewhere, or look at who changed the mirror.'],
  });
}
