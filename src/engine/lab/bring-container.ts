import type { ContainerArchive, ContainerName, ContainerStores } from '../containers/container-store.js';
import { isAbort, LabError } from '../errors.js';
import type { OperationOptions } from '../lab.js';
import type { SshTarget } from '../ssh/ssh.js';
import { asRoot, scriptFailed } from './as-root.js';
import type { LabParts } from './parts.js';
import { sendFile } from './send-file.js';

/** A container image that the provisioner is to have. */
export interface WantedContainer {
  name: ContainerName;
  version: string;
  title: string;
  /** The command that brings it, for remedies. */
  command: string;
  /** Folder on the provisioner; the archive is there for as long as it is loaded. */
  home: string;
}

export interface BroughtContainer {
  /** Name of the image on the provisioner. */
  image: string;
  /** present: it was there already; archive: sent from here; registry: the provisioner pulled it. */
  from: 'present' | 'archive' | 'registry';
  /** Which registry. */
  registry?: string;
}

export type BringParts = Pick<LabParts, 'ssh' | 'events' | 'provider' | 'config'> & { containers: ContainerStores };

/* .image says which archive the image was loaded from and which image that is: as long as both are there, nothing is to be done. */
const PRESENT = `
id=$(docker image inspect --format '{{.Id}}' "$IMAGE" 2> /dev/null) || { echo missing; return; }
if [ "$(cat "$HOME_THERE/.image" 2> /dev/null || true)" = "$SHA256 $id" ]; then echo present; else echo other; fi
`;
const LOAD = `
loaded=$(docker load -i "$ARCHIVE" | sed -n 's/^Loaded image[^:]*: *//p' | tail -n 1)
[ -n "$loaded" ]
docker tag "$loaded" "$IMAGE"
echo "$SHA256 $(docker image inspect --format '{{.Id}}' "$IMAGE")" > "$HOME_THERE/.image"
rm -f -- "$ARCHIVE" "$HOME_THERE/.image.tar.verified"
`;

export const imageName = ({ name, version }: Pick<WantedContainer, 'name' | 'version'>) =>
  `coreos-lab/${name}:${version}`;

/**
 * Makes sure that the provisioner has a container image: from the archive in the cache, else built here. Resolves with the
 * reason where neither can be.
 */
export async function bringContainer(
  parts: BringParts,
  target: () => Promise<SshTarget>,
  wanted: WantedContainer,
  options: OperationOptions = {},
): Promise<BroughtContainer | LabError> {
  const image = imageName(wanted);
  const archive = await archiveOf(parts, wanted, options);
  if (archive instanceof LabError) return archive;
  const provisioner = await target();
  const remote = `${wanted.home}/image.tar`;
  const env = { IMAGE: image, SHA256: archive.sha256, ARCHIVE: remote, HOME_THERE: wanted.home };
  const run = (label: string, script: string) =>
    asRoot(parts.ssh, provisioner, { label, script, env, signal: options.signal });
  const found = await run(`docker image inspect ${image}`, PRESENT);
  if (found.exitCode !== 0) throw scriptFailed(provisioner, 'Asking docker for its images', found, []);
  if (found.stdout.trim() === 'present') return { image, from: 'present' };
  const remake = [`Remove it and make it anew: rm ${archive.file}, then ${wanted.command}`];
  const { file: local, sha256, bytes } = archive;
  await sendFile(parts, provisioner, { title: wanted.title, local, remote, sha256, bytes, remake }, options);
  const loaded = await run(`docker load -i ${remote}`, LOAD);
  if (loaded.exitCode !== 0) {
    throw scriptFailed(provisioner, `Loading ${image} into docker`, loaded, [
      `Run it again: ${wanted.command}`,
      ...(archive.file.endsWith('.zst') ? [] : ['Is the archive one of docker save, with one image in it?']),
    ]);
  }
  return { image, from: 'archive' };
}

/** The archive, or why there is none. What a user stopped, or a full disk, is no reason to look elsewhere. */
async function archiveOf(
  parts: BringParts,
  { name, version }: WantedContainer,
  options: OperationOptions,
): Promise<ContainerArchive | LabError> {
  const store = parts.containers[name];
  const found = await store.find(version);
  if (found !== undefined) return found;
  try {
    return await store.build(version, options);
  } catch (error) {
    if (isAbort(error) || options.signal?.aborted || !(error instanceof LabError)) throw error;
    if (error.code !== 'IMAGE_HOST' && error.code !== 'IMAGE_BUILD') throw error;
    return error;
  }
}
