import { LabError } from '../errors.js';
import type { OperationOptions } from '../lab.js';
import type { SshTarget } from '../ssh/ssh.js';
import { type BringParts, type BroughtContainer, bringContainer } from './bring-container.js';

/** Of the lab's own update server; its recipe makes no other. */
export const UPDATE_SERVER_VERSION = '1.0.0';

/** Makes sure that the provisioner has the update server's container image: from the archive in the cache, else built here. */
export async function fetchUpdateServer(
  parts: BringParts,
  target: () => Promise<SshTarget>,
  options: OperationOptions = {},
): Promise<BroughtContainer> {
  const wanted = {
    name: 'update-server',
    version: UPDATE_SERVER_VERSION,
    title: "the update server's container image",
    command: 'coreos-lab updates fetch',
    home: '/var/lib/update',
  } as const;
  const brought = await bringContainer(parts, target, wanted, options);
  if (brought instanceof LabError) throw brought;
  return brought;
}
