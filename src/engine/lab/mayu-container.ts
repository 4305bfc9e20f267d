import { LabError } from '../errors.js';
import type { OperationOptions } from '../lab.js';
import type { SshTarget } from '../ssh/ssh.js';
import { asRoot } from './as-root.js';
import { type BringParts, type BroughtContainer, bringContainer, imageName } from './bring-container.js';

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
  parts: BringParts,
  target: () => Promise<SshTarget>,
  options: OperationOptions = {},
): Promise<BroughtContainer> {
  const { version } = parts.config.mayu;
  const wanted = {
    name: 'mayu',
    version,
    title: "Mayu's container image",
    command: 'coreos-lab mayu fetch',
    home: '/var/lib/mayu',
  } as const;
  const brought = await bringContainer(parts, target, wanted, options);
  if (!(brought instanceof LabError)) return brought;
  return pull(parts, await target(), { image: imageName(wanted), version, why: brought }, options);
}

async function pull(
  { ssh, events, config }: BringParts,
  target: SshTarget,
  { image, version, why }: { image: string; version: string; why: LabError },
  { signal }: OperationOptions,
): Promise<BroughtContainer> {
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
  if (pulled.exitCode === 0) return { image, from: 'registry', registry: 'quay.io' };
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
