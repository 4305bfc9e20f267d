import { LabError } from '../errors.js';
import type { OperationOptions } from '../lab.js';
import type { SshTarget } from '../ssh/ssh.js';
import { asRoot, scriptFailed } from './as-root.js';
import { type BringParts, type BroughtContainer, bringContainer } from './bring-container.js';
import { fetchNebraska } from './nebraska-container.js';

/** Of the lab's own update server; its recipe makes no other. */
export const UPDATE_SERVER_VERSION = '1.0.0';

/** Which of the two provision/update/start is to start. */
const CHOOSE = `
mkdir -p "$HOME_THERE"
echo "$SERVER" > "$HOME_THERE/.server"
`;
const home = '/var/lib/update';

/** Makes sure that the provisioner has the container image of the update server that lab.yaml names, and is to start that one. */
export async function fetchUpdateServer(
  parts: BringParts,
  target: () => Promise<SshTarget>,
  options: OperationOptions = {},
): Promise<BroughtContainer> {
  const { server } = parts.config.updates;
  const brought = await (server === 'nebraska' ? fetchNebraska : fetchStandIn)(parts, target, options);
  const provisioner = await target();
  const label = `echo ${server} > ${home}/.server`;
  const env = { SERVER: server, HOME_THERE: home };
  const chosen = await asRoot(parts.ssh, provisioner, { label, script: CHOOSE, env, signal: options.signal });
  if (chosen.exitCode !== 0) throw scriptFailed(provisioner, 'Writing down which update server is meant', chosen, []);
  return brought;
}

/** From the archive in the cache, else built here. */
async function fetchStandIn(
  parts: BringParts,
  target: () => Promise<SshTarget>,
  options: OperationOptions,
): Promise<BroughtContainer> {
  const wanted = {
    name: 'update-server',
    version: UPDATE_SERVER_VERSION,
    title: "the update server's container image",
    command: 'coreos-lab updates fetch',
    home,
  } as const;
  const brought = await bringContainer(parts, target, wanted, options);
  if (brought instanceof LabError) throw brought;
  return brought;
}
