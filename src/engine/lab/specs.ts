import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import { cloudConfig } from '../ignition/delivery/cloud-config.js';
import { provisionerIgnition } from '../ignition/provisioner.js';
import { uplinkMac } from '../ignition/uplink-mac.js';
import { imageDefinition } from '../images/image-definition.js';
import type { ImageFiles } from '../images/image-store.js';
import type { LabKeys } from '../keys/keys.js';
import type { MachineSpec } from '../providers/provider.js';
import { writeFileAtomic } from '../state/atomic-file.js';
import type { LabParts } from './parts.js';

/** The image that lab.yaml asks for. Rejects with LabError IMAGE_MISSING (exit code 2). */
export async function requireImage({ config, images }: LabParts): Promise<ImageFiles> {
  const { name, version } = config.image;
  const image = await images.find(name, version);
  if (image !== undefined) return image;
  throw new LabError({
    code: 'IMAGE_MISSING',
    message: `The operating system ${name} ${version} is not in the cache yet.`,
    remedy: imageDefinition(name).remedy,
    exitCode: 2,
  });
}

/** Everything the provider needs to know of a machine. `image` is the base of a provisioner's disk. */
export function machineSpec(
  parts: LabParts,
  machine: MachineConfig,
  options: { image?: string; sshPort?: number; ignitionFile?: string } = {},
): MachineSpec {
  const { name, role, memory, cpus, disk, mac, serial } = machine;
  const spec: MachineSpec = {
    name,
    role,
    memoryMiB: memory,
    cpus,
    disk: { sizeGiB: disk },
    privateNic: { mac },
    serial,
    uuid: uuidOf(parts.config.name, name),
    bootOrder: ['disk', 'net'],
  };
  if (role !== 'provisioner') return spec;
  if (options.image !== undefined) spec.disk.base = options.image;
  if (options.ignitionFile !== undefined) spec.ignitionFile = options.ignitionFile;
  spec.uplink = { mac: uplinkMac(machine), sshPort: options.sshPort ?? 0 };
  return spec;
}

/** VirtualBox hands it over on a config drive, where not every image's Ignition looks. */
function isCloudConfig({ config, provider }: LabParts): boolean {
  return provider.name === 'virtualbox' && imageDefinition(config.image.name).configDrive === 'cloud-config';
}

/** Where a machine's first-boot configuration is kept. */
export function ignitionFile(parts: LabParts, machine: string): string {
  return join(parts.paths.labDirectory, 'ignition', `${machine}.${isCloudConfig(parts) ? 'cloud-config' : 'ign'}`);
}

/** Writes the provisioner's first-boot configuration as its image takes it; it holds private keys, hence mode 0600. */
export async function writeIgnition(parts: LabParts, machine: string, keys: LabKeys): Promise<string> {
  const file = ignitionFile(parts, machine);
  const config = provisionerIgnition(parts.config, keys);
  await mkdir(join(parts.paths.labDirectory, 'ignition'), { recursive: true, mode: 0o700 });
  await writeFileAtomic(file, isCloudConfig(parts) ? cloudConfig(config) : `${JSON.stringify(config, null, 1)}\n`);
  return file;
}

/** The same machine of the same lab has the same UUID, wherever it runs. */
function uuidOf(lab: string, machine: string): string {
  const hex = createHash('sha256').update(`${lab}/${machine}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
