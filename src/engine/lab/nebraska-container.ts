import { LabError } from '../errors.js';
import type { OperationOptions } from '../lab.js';
import type { SshTarget } from '../ssh/ssh.js';
import { asRoot, lastLines } from './as-root.js';
import type { BringParts, BroughtContainer } from './bring-container.js';

/** Names under which provision/update/start looks for the images, whatever lab.yaml takes for them. */
const TAGS = { nebraska: 'coreos-lab/nebraska:wanted', postgresql: 'coreos-lab/postgresql:wanted' };
type Part = keyof typeof TAGS;

const GIVE_NAME = 'docker image inspect "$IMAGE" > /dev/null 2>&1 && docker tag "$IMAGE" "$TAG"';
/** Whether the registry can be reached is asked first: an attempt to pull takes minutes to find that out. What it answers is docker's affair. */
const PULL = `
code=0
curl -sS -m 15 -o /dev/null "https://$REGISTRY/v2/" || code=$?
case $code in 5 | 6 | 7 | 28) return "$code" ;; esac
timeout 900 docker pull -q "$IMAGE"
docker tag "$IMAGE" "$TAG"
`;

/**
 * Makes sure that the provisioner has the container images of Nebraska and its database: it pulls them itself. Rejects with LabError
 * NEBRASKA_UNAVAILABLE (exit code 2), which names the server that needs no network.
 */
export async function fetchNebraska(
  parts: BringParts,
  target: () => Promise<SshTarget>,
  { signal }: OperationOptions = {},
): Promise<BroughtContainer> {
  const { ssh, events, config } = parts;
  const image = config.updates.nebraska;
  const provisioner = await target();
  let brought: BroughtContainer = { image, from: 'present' };
  for (const part of Object.keys(TAGS) as Part[]) {
    const env = { IMAGE: config.updates[part], TAG: TAGS[part], REGISTRY: registryOf(config.updates[part]) };
    const label = `docker image inspect ${env.IMAGE}`;
    if ((await asRoot(ssh, provisioner, { label, script: GIVE_NAME, env, signal })).exitCode === 0) continue;
    events.emit({ type: 'notice', level: 'info', text: `${provisioner.machine} pulls ${env.IMAGE}.` });
    const pulled = await asRoot(ssh, provisioner, { label: `docker pull ${env.IMAGE}`, script: PULL, env, signal });
    if (pulled.exitCode !== 0) throw unavailable(provisioner.machine, env, lastLines(pulled));
    brought = { image, from: 'registry', registry: registryOf(image) };
  }
  return brought;
}

function unavailable(machine: string, wanted: { IMAGE: string; REGISTRY: string }, evidence: string[]): LabError {
  return new LabError({
    code: 'NEBRASKA_UNAVAILABLE',
    message: `${machine} could not pull ${wanted.IMAGE}.`,
    ...(evidence.length === 0 ? {} : { why: evidence.at(-1) ?? '', evidence }),
    remedy: [
      `Let the provisioner reach ${wanted.REGISTRY}, and run the command again.`,
      "Or take the lab's own update server, which needs no network: remove updates.server from lab.yaml, then run coreos-lab updates fetch",
    ],
    exitCode: 2,
  });
}

/** Where an image is pulled from; Docker's own registry has another address than its name says. */
function registryOf(image: string): string {
  const host = image.slice(0, image.indexOf('/'));
  return host === 'docker.io' ? 'registry-1.docker.io' : host;
}
