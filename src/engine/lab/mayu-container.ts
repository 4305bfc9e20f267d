import type { ContainerArchive, ContainerStore } from '../containers/container-store.js';
import { isAbort, LabError } from '../errors.js';
import type { OperationOptions } from '../lab.js';
import type { SshTarget } from '../ssh/ssh.js';
import { asRoot, scriptFailed } from './as-root.js';
import type { LabParts } from './parts.js';
import { sendFile } from './send-file.js';

const ARCHIVE = '/var/lib/mayu/image.tar';

export interface FetchedMayu {
  /** Name of the image on the provisioner. */
  image: string;
  /** present: it was there already; archive: sent from here; registry: the provisioner pulled it. */
  from: 'present' | 'archive' | 'registry';
}

/* .image says which archive the image was loaded from and which image that is: as long as both are there, nothing is to be done. */
const PRESENT = `
id=$(docker image inspect --format '{{.Id}}' "$IMAGE" 2> /dev/null) || { echo missing; return; }
if [ "$(cat /var/lib/mayu/.image 2> /dev/null || true)" = "$SHA256 $id" ]; then echo present; else echo other; fi
`;
const LOAD = `
loaded=$(docker load -i "$ARCHIVE" | sed -n 's/^Loaded image[^:]*: *//p' | tail -n 1)
[ -n "$loaded" ]
docker tag "$loaded" "$IMAGE"
echo "$SHA256 $(docker image inspect --format '{{.Id}}' "$IMAGE")" > /var/lib/mayu/.image
rm -f -- "$ARCHIVE" /var/lib/mayu/.image.tar.verified
`;
/** Whether the registry answers at all is asked first: an attempt to pull takes minutes to find that out. */
const PULL = `
curl -sS -m 15 -o /dev/null https://quay.io/v2/
for tag in "v$VERSION" "$VERSION"; do
  if timeout 300 docker pull -q "quay.io/giantswarm/mayu:$tag"; then docker tag "quay.io/giantswarm/mayu:$tag" "$IMAGE"; return; fi
done
exit 1
`;

/**
 * Makes sure that the provisioner has the container image of Mayu: from the archive in the cache, else built here, else pulled by the
 * provisioner itself. Rejects with LabError MAYU_UNAVAILABLE (exit code 2) with all ways out.
 */
export async function fetchMayu(
  parts: Pick<LabParts, 'ssh' | 'events' | 'provider' | 'config'> & { containers: ContainerStore },
  target: () => Promise<SshTarget>,
  options: OperationOptions = {},
): Promise<FetchedMayu> {
  const { version } = parts.config.mayu;
  const image = `coreos-lab/mayu:${version}`;
  const archive = await archiveOf(parts.containers, version, options);
  const provisioner = await target();
  if (archive instanceof LabError) return pull(parts, provisioner, { image, version, why: archive }, options);

  const env = { IMAGE: image, SHA256: archive.sha256, ARCHIVE };
  const run = (label: string, script: string) =>
    asRoot(parts.ssh, provisioner, { label, script, env, signal: options.signal });
  const found = await run(`docker image inspect ${image}`, PRESENT);
  if (found.exitCode !== 0) throw scriptFailed(provisioner, 'Asking docker for its images', found, []);
  if (found.stdout.trim() === 'present') return { image, from: 'present' };
  const remake = [`Remove it and make it anew: rm ${archive.file}, then coreos-lab mayu fetch`];
  const { file: local, sha256, bytes } = archive;
  await sendFile(
    parts,
    provisioner,
    { title: "Mayu's container image", local, remote: ARCHIVE, sha256, bytes, remake },
    options,
  );
  const loaded = await run(`docker load -i ${ARCHIVE}`, LOAD);
  if (loaded.exitCode !== 0) {
    throw scriptFailed(provisioner, `Loading ${image} into docker`, loaded, [
      'Run it again: coreos-lab mayu fetch',
      ...(archive.file.endsWith('.zst') ? [] : ['Is the archive one of docker save, with one image in it?']),
    ]);
  }
  return { image, from: 'archive' };
}

/** The archive, or why there is none. What a user stopped, or a full disk, is no reason to look elsewhere. */
async function archiveOf(
  containers: ContainerStore,
  version: string,
  options: OperationOptions,
): Promise<ContainerArchive | LabError> {
  const found = await containers.find(version);
  if (found !== undefined) return found;
  try {
    return await containers.build(version, options);
  } catch (error) {
    if (isAbort(error) || options.signal?.aborted || !(error instanceof LabError)) throw error;
    if (error.code !== 'IMAGE_HOST' && error.code !== 'IMAGE_BUILD') throw error;
    return error;
  }
}

async function pull(
  { ssh, events, config }: Pick<LabParts, 'ssh' | 'events' | 'config'>,
  target: SshTarget,
  { image, version, why }: { image: string; version: string; why: LabError },
  { signal }: OperationOptions,
): Promise<FetchedMayu> {
  const env = { IMAGE: image, VERSION: version };
  const label = `docker image inspect ${image}`;
  const there = await asRoot(ssh, target, { label, script: 'docker image inspect "$IMAGE" > /dev/null', env, signal });
  if (there.exitCode === 0) return { image, from: 'present' };
  const text = `${why.message} ${target.machine} tries to pull quay.io/giantswarm/mayu:v${version} instead.`;
  events.emit({ type: 'notice', level: 'warning', text });
  const pulled = await asRoot(ssh, target, {
    label: `docker pull quay.io/giantswarm/mayu:v${version}`,
    script: PULL,
    env,
    signal,
  });
  if (pulled.exitCode === 0) return { image, from: 'registry' };
  throw new LabError({
    code: 'MAYU_UNAVAILABLE',
    message: `Mayu ${version} is not in the cache, cannot be built here, and ${target.machine} could not pull it.`,
    why: why.message,
    remedy: [
      ...why.remedy,
      'Or let the provisioner reach quay.io, and run the command again.',
      ...(config.mayu.version === '1.3.0' ? [] : ['Or leave mayu.version out of lab.yaml: 1.3.0 can be built.']),
    ],
    evidence: [...(why.evidence ?? []).slice(-6), ...pulled.stderr.trim().split('\n').slice(-6)],
    exitCode: 2,
  });
}
