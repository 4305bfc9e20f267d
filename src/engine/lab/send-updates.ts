import { LabError } from '../errors.js';
import { imageDefinition } from '../images/image-definition.js';
import type { CachedImage } from '../images/image-store.js';
import { type UpdateFile, updatesIn, updateVersions } from '../images/updates.js';
import type { OperationOptions } from '../lab.js';
import type { SshTarget } from '../ssh/ssh.js';
import type { LabParts } from './parts.js';
import { sendFile } from './send-file.js';

/** Where provision/update/publish looks for payloads. */
export const PAYLOADS = '/var/lib/update/payloads';

export interface SentUpdates {
  versions: string[];
  /** How many of them had to be sent. */
  sent: number;
  bytes: number;
}

/** Brings the payloads of the lab's updates to the provisioner, verified there. Rejects with LabError NO_UPDATES where there are none. */
export async function sendUpdates(
  parts: Pick<LabParts, 'ssh' | 'events' | 'provider' | 'config' | 'images'>,
  target: () => Promise<SshTarget>,
  options: OperationOptions = {},
): Promise<SentUpdates> {
  const updates = await wantedUpdates(parts);
  const provisioner = await target();
  let sent = 0;
  for (const { version, name, file: local, sha256, size } of updates) {
    const remake = [
      `Remove it, and have it anew: rm ${local}, then ${imageDefinition(parts.config.image.name).command}`,
    ];
    const file = { title: name, local, remote: `${PAYLOADS}/${version}.gz`, sha256, bytes: size, remake };
    if (await sendFile(parts, provisioner, file, options)) sent += 1;
  }
  return {
    versions: updates.map(({ version }) => version),
    sent,
    bytes: updates.reduce((sum, { size }) => sum + size, 0),
  };
}

async function wantedUpdates({ config, images }: Pick<LabParts, 'config' | 'images'>): Promise<UpdateFile[]> {
  const { name, version } = config.image;
  const definition = imageDefinition(name);
  const { next, broken } = updateVersions(config.image);
  const wanted = [next, broken].filter((each) => each !== undefined);
  // What was built here comes with the image of the machines.
  const cached: CachedImage[] =
    definition.release === undefined
      ? [await images.find(name, version)].filter((image) => image !== undefined)
      : (await images.list()).filter((image) => image.name === name);
  const found = (await updatesIn(definition, cached)).filter((update) => wanted.includes(update.version));
  if (wanted.length > 0 && found.length === wanted.length) return found;
  const missing = wanted.filter((each) => !found.some((update) => update.version === each));
  throw new LabError({
    code: 'NO_UPDATES',
    message:
      wanted.length === 0
        ? `lab.yaml does not say which version of ${definition.title} machines are updated to.`
        : `The update to ${definition.title} ${missing.join(' and ')} is not in the cache.`,
    remedy:
      definition.release === undefined
        ? [`Build the image, its updates come with it: ${definition.command}`]
        : [
            ...(wanted.length === 0
              ? ['Set image.update in lab.yaml to a channel or a version newer than image.version.']
              : []),
            'Fetch it: coreos-lab image fetch --all',
          ],
    exitCode: 2,
  });
}
