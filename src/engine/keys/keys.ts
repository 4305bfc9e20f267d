import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../errors.js';
import { generateEd25519, type KeyPair, parseEd25519 } from './ed25519.js';
import { readText, restrict, sweep, writeWhole } from './key-file.js';

export interface LabKeys {
  /** The key that logs in as `core` on every machine: file for programs, `ssh-ed25519 AAAA… comment` for machines. */
  user: { privateFile: string; publicKey: string };
  /** Host key pair of a machine, as texts in OpenSSH format. Throws LabError KEY_MISSING for a machine it was not asked for. */
  host(machine: string): KeyPair;
}

export interface LabKeysOptions {
  /**
   * Machines that exist and so know the keys. A damaged key that none of them knows is made anew; one that they know is an
   * error. Without it, every machine may exist.
   */
  created?: ReadonlySet<string>;
}

/**
 * The lab's ed25519 keys in `directory` (0700; private keys 0600): one user key pair, a host key pair for each machine. Makes
 * what is missing, leaves the rest alone, and never replaces a key that a machine may rely on: rejects with LabError
 * KEY_DAMAGED (exit code 2) instead. Safe to call from two processes at once.
 */
export async function ensureLabKeys(
  directory: string,
  machineNames: readonly string[],
  options: LabKeysOptions = {},
): Promise<LabKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await restrict(directory, 0o700);
  await sweep(directory);
  const { created } = options;
  const privateFile = join(directory, 'id_ed25519');
  const user = await ensurePair(privateFile, 'coreos-lab', {
    what: "the lab's user key",
    replaceable: created?.size === 0,
    remedy: 'coreos-lab destroy',
  });
  const hosts = new Map<string, KeyPair>();
  for (const name of machineNames) {
    const pair = await ensurePair(join(directory, `host_${name}_ed25519`), name, {
      what: `the host key of ${name}`,
      replaceable: created !== undefined && !created.has(name),
      remedy: `coreos-lab destroy ${name}`,
    });
    hosts.set(name, pair);
  }
  return {
    user: { privateFile, publicKey: user.publicKey },
    host(machine) {
      const pair = hosts.get(machine);
      if (pair === undefined) throw missing(machine, [...hosts.keys()]);
      return pair;
    },
  };
}

interface Use {
  what: string;
  replaceable: boolean;
  remedy: string;
}

/** The private key is written first and the public one is derived from it, so a death in between loses nothing. */
async function ensurePair(file: string, comment: string, use: Use): Promise<KeyPair> {
  const [privateKey, publicKey] = await Promise.all([readText(file), readText(`${file}.pub`)]);
  let pair = privateKey === undefined ? undefined : parseEd25519(privateKey);
  if (pair === undefined) {
    const fresh = privateKey === undefined && publicKey === undefined;
    // An empty file holds no key that anybody could have used: it is what a full disk or a crash leaves.
    const hollow = privateKey === '' && publicKey === undefined;
    if (!fresh && !hollow && !use.replaceable) throw damaged(file, privateKey === undefined, use);
    pair = parseEd25519(await writeWhole(file, generateEd25519(comment).privateKey, 0o600, fresh));
    if (pair === undefined) throw damaged(file, false, use);
  }
  await restrict(file, 0o600);
  if (publicKey !== `${pair.publicKey}\n`) await writeWhole(`${file}.pub`, `${pair.publicKey}\n`, 0o644, false);
  return pair;
}

function damaged(file: string, gone: boolean, use: Use): LabError {
  return new LabError({
    code: 'KEY_DAMAGED',
    message: `The private half of ${use.what}, ${file}, is ${gone ? 'gone' : 'damaged'}.`,
    why: 'Machines that exist were made with it and trust no other key, so it is not replaced by a new one.',
    remedy: [
      'Put the file back from a copy, if you have one.',
      `Make the machines and the key anew: ${use.remedy}, then rm ${file} ${file}.pub, then coreos-lab up`,
    ],
    exitCode: 2,
  });
}

function missing(machine: string, known: string[]): LabError {
  return new LabError({
    code: 'KEY_MISSING',
    message: `There is no host key for a machine named ${machine}; keys are there for ${known.join(', ') || 'none'}.`,
    remedy: ['Check the machine names in lab.yaml.'],
    machine,
  });
}
