import { basename, join } from 'node:path';
import { LabError } from '../errors.js';
import { imageDefinition } from '../images/image-definition.js';
import type { ImageFiles } from '../images/image-store.js';
import { readManifest } from '../images/manifest.js';
import type { OperationOptions } from '../lab.js';
import type { SshTarget } from '../ssh/ssh.js';
import { asRoot, scriptFailed } from './as-root.js';
import type { LabParts } from './parts.js';
import { sendFile } from './send-file.js';

/** Where Mayu looks for the images that it gives out. */
export const MAYU_IMAGES = '/var/lib/mayu/images';

export interface SentImage {
  version: string;
  /** Folder on the provisioner. */
  folder: string;
  /** How many of its files had to be sent. */
  sent: number;
  bytes: number;
}

/**
 * Brings the files for network boot to the provisioner, and the disk to install where the image has one; each is checked there before it gets its
 * name. Mayu breaks connections off where an image is missing, and gives out a damaged one as it is: so what has a name here is whole.
 */
export async function sendImage(
  parts: Pick<LabParts, 'ssh' | 'events' | 'provider'>,
  target: SshTarget,
  image: ImageFiles,
  options: OperationOptions = {},
): Promise<SentImage> {
  const folder = `${MAYU_IMAGES}/${image.version}`;
  const { artefacts, command } = imageDefinition(image.name);
  const remake = [`Remove it and have it anew: coreos-lab image remove ${image.version}, then ${command}`];
  const manifest = await readManifest(image.directory);
  const { install } = artefacts;
  const wanted = [image.kernel, image.initrd, ...(install === undefined ? [] : [join(image.directory, install.file)])];
  const files = wanted.map((local) => {
    const entry = manifest?.files.find(({ name }) => name === basename(local));
    if (entry === undefined) throw unreadable(image, remake);
    return { ...entry, local };
  });
  let sent = 0;
  for (const { name, local, sha256, size } of files) {
    const file = { title: name, local, remote: `${folder}/${name}`, sha256, bytes: size, remake };
    if (await sendFile(parts, target, file, options)) sent += 1;
  }
  const sums = files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('');
  const result = await asRoot(parts.ssh, target, {
    label: `write ${folder}/SHA256SUMS`,
    script: 'printf %s "$SUMS" > "$FOLDER/.sums" && mv -f -- "$FOLDER/.sums" "$FOLDER/SHA256SUMS"',
    env: { SUMS: sums, FOLDER: folder },
    quiet: true,
    ...options,
  });
  if (result.exitCode !== 0) throw scriptFailed(target, `Writing ${folder}/SHA256SUMS`, result, []);
  return { version: image.version, folder, sent, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}

function unreadable({ directory }: ImageFiles, remake: string[]): LabError {
  return new LabError({
    code: 'IMAGE_CORRUPT',
    message: `The image in ${directory} has no manifest that can be read, so nothing of it was sent.`,
    remedy: remake,
  });
}
