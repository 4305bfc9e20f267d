/** Versions of the specification that images of the lab understand. What the lab writes means the same in both. */
export type IgnitionVersion = '3.3.0' | '3.4.0';

/** The part of Ignition's config that the lab writes. Field names are the specification's. */
export interface IgnitionConfig {
  ignition: { version: IgnitionVersion; config?: { replace: IgnitionResource } };
  passwd?: { users: IgnitionUser[] };
  storage?: { files?: IgnitionFile[]; links?: IgnitionLink[] };
  systemd?: { units: IgnitionUnit[] };
}

export interface IgnitionResource {
  source: string;
  /** `sha512-` and the hash in hexadecimal digits. */
  verification: { hash: string };
}

export interface IgnitionUser {
  name: string;
  sshAuthorizedKeys?: string[];
  groups?: string[];
  shell?: string;
}

export interface IgnitionFile {
  path: string;
  overwrite: boolean;
  /** Permission bits as a number; JSON shows it in decimal. */
  mode: number;
  contents: { source: string };
}

export interface IgnitionLink {
  path: string;
  target: string;
  overwrite: boolean;
}

export interface IgnitionUnit {
  name: string;
  enabled?: boolean;
  mask?: boolean;
  contents?: string;
}

export interface IgnitionParts {
  users?: IgnitionUser[];
  files?: IgnitionFile[];
  links?: IgnitionLink[];
  units?: IgnitionUnit[];
}

/** A whole config from its parts; empty sections are left out. */
export function ignition(
  version: IgnitionVersion,
  { users = [], files = [], links = [], units = [] }: IgnitionParts,
): IgnitionConfig {
  const storage = { ...(files.length === 0 ? {} : { files }), ...(links.length === 0 ? {} : { links }) };
  return {
    ignition: { version },
    ...(users.length === 0 ? {} : { passwd: { users } }),
    ...(Object.keys(storage).length === 0 ? {} : { storage }),
    ...(units.length === 0 ? {} : { systemd: { units } }),
  };
}

/** A file with these contents, replacing one that the image brought. */
export function file(path: string, contents: string, mode = 0o644): IgnitionFile {
  return { path, overwrite: true, mode, contents: { source: dataUrl(contents) } };
}

export function link(path: string, target: string): IgnitionLink {
  return { path, target, overwrite: true };
}

/** A systemd unit; without `contents`, one that the image has is only enabled. */
export function unit(name: string, contents?: string, enabled = true): IgnitionUnit {
  return { name, enabled, ...(contents === undefined ? {} : { contents }) };
}

/** The lab's user, made if the image has none; `sudo` is the group that both Flatcar and the Lab OS let do everything. */
export function user(name: string, publicKey: string): IgnitionUser {
  return { name, sshAuthorizedKeys: [publicKey], groups: ['sudo'], shell: '/bin/bash' };
}

/** What a file that `file` made will hold. */
export function contentsOf({ path, contents: { source } }: IgnitionFile): Buffer {
  const [, base64] = /^data:;base64,(.*)$/.exec(source) ?? [];
  if (base64 === undefined) throw new Error(`${path} has its contents within the configuration`);
  return Buffer.from(base64, 'base64');
}

function dataUrl(text: string): string {
  return `data:;base64,${Buffer.from(text, 'utf8').toString('base64')}`;
}
