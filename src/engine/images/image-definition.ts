import { flatcar } from './definitions/flatcar.js';
import { labos } from './definitions/labos.js';

/** What can be had of an image: files for network boot, disks for each hypervisor, a disk to install, an update. */
export type ArtefactName = 'kernel' | 'initrd' | 'qemu' | 'virtualbox' | 'install' | 'update';

export interface Artefact {
  /** Its name in the image's directory in the cache; where it is published, `packed` is added to it. */
  file: string;
  packed?: '.bz2';
  /** Folder of a mirror, or first part of the host name, where it is not the channel's. */
  shelf?: string;
  /** What vouches for it, where it is fetched: a list of digests that is signed, or a signature within the file. */
  proof?: 'digests' | 'payload';
}

/** Where released versions come from and whose signatures count. */
export interface ReleaseSource {
  /** By the middle number of a version: 4593.2.5 is of the channel `stable`. */
  channels: readonly string[];
  /** Where a shelf (a channel, or that of an artefact) is. */
  shelf(name: string): string;
  /** Folder of a version, or of a channel's newest one, within a shelf. */
  folder(version: string): string;
  newest: string;
  /** File with the version's number, and the key in it. */
  versionFile: { file: string; key: string };
  /** Keys may come from anywhere: those count whose fingerprint is this one. */
  imageKey: { file: string; url: string; fingerprint: string };
  /** `sha256` is that of the public key in DER. */
  updateKey: { file: string; url: string; sha256: string };
}

/** Everything in which the images differ. */
export interface ImageDefinition {
  name: 'labos' | 'flatcar';
  /** Within a sentence. */
  title: string;
  defaultVersion: string;
  /** The newest version of Ignition's specification that it is sure to understand. */
  ignition: '3.3.0' | '3.4.0';
  /** What a machine has that says no more than its role. */
  machines: Record<'provisioner' | 'node', { memory: number; cpus: number; disk: number }>;
  artefacts: Partial<Record<ArtefactName, Artefact>>;
  /** What it takes from a config drive, which is how VirtualBox hands over the configuration of the first boot. */
  configDrive: 'ignition' | 'cloud-config';
  /** Which artefact is the disk that a hypervisor starts from. */
  disk: Record<'qemu' | 'virtualbox', ArtefactName>;
  /** Updates that come with an image of this version that is built here: one to take, and one that does not come up. */
  updates?(version: string): { next: string; broken: string };
  /** Undefined where it is built on this computer. */
  release?: ReleaseSource;
  /** How it comes into the cache: what to do, and what is asked before it is done. */
  remedy: string[];
  question: string;
  command: string;
  /** What is said of it while it is not there. */
  absent: string;
  /** Why a version cannot run on a hypervisor, where that is known. */
  unsuitable?(version: string, provider: 'qemu' | 'virtualbox'): string | undefined;
}

export function imageDefinition(name: ImageDefinition['name']): ImageDefinition {
  return { labos, flatcar }[name];
}

/** What must be there before machines can be started on this hypervisor, and nodes be installed. */
export function neededArtefacts(definition: ImageDefinition, provider: 'qemu' | 'virtualbox'): ArtefactName[] {
  // Without one, what is installed is what was booted over the network.
  const install: ArtefactName[] = definition.artefacts.install === undefined ? [] : ['install'];
  return ['kernel', 'initrd', definition.disk[provider], ...install];
}
