import { LabError } from '../errors.js';
import { shellQuote, sshConfigQuote } from './quote.js';
import type { SshTarget } from './ssh.js';

export interface BlockFiles {
  knownHosts: string;
  /** The config that `ssh -F` will read; without it, the block is for the user's own config. */
  config?: string;
}

/** A Host block for OpenSSH: only the lab's keys, only the known host key, nothing of the user's agent. */
export function hostBlock(target: SshTarget, files: BlockFiles): string {
  const lines = [
    `HostName ${word(target, 'host', target.host, /^[A-Za-z0-9][A-Za-z0-9.:-]*$/)}`,
    `Port ${target.port}`,
    `User ${word(target, 'user', target.user, /^[A-Za-z_][A-Za-z0-9_.-]*$/)}`,
    `IdentityFile ${path(target, target.privateKeyFile)}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    'PreferredAuthentications publickey',
    `HostKeyAlias ${machineName(target)}`,
    `HostKeyAlgorithms ${target.hostKey.split(' ')[0]}`,
    `UserKnownHostsFile ${path(target, files.knownHosts)}`,
    'GlobalKnownHostsFile /dev/null',
    'CheckHostIP no',
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    'ForwardAgent no',
    'ConnectTimeout 30',
    'ServerAliveInterval 5',
    'ServerAliveCountMax 3',
    'LogLevel ERROR',
    ...(target.via === undefined ? [] : [jumpLine(target.via, files.config)]),
  ];
  return `Host ${machineName(target)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** ProxyJump hands an -F on without quoting it, which breaks in a home directory with a space. */
function jumpLine(via: SshTarget, config: string | undefined): string {
  if (config === undefined) return `ProxyJump ${machineName(via)}`;
  return `ProxyCommand ssh -F ${shellQuote(config).replaceAll('%', '%%')} -W [%h]:%p ${machineName(via)}`;
}

/** The line of known_hosts that a HostKeyAlias with the machine's name finds. */
export function knownHostsLine(target: SshTarget): string {
  const key = word(target, 'host key', target.hostKey.trim(), /^ssh-ed25519 [A-Za-z0-9+/=]+( [^\r\n]*)?$/);
  return `${machineName(target)} ${key.split(' ').slice(0, 2).join(' ')}\n`;
}

/** The targets and all their jump hosts, each once. */
export function withJumpHosts(targets: readonly SshTarget[]): SshTarget[] {
  const all = new Map<string, SshTarget>();
  const add = (target: SshTarget) => {
    if (target.via !== undefined) add(target.via);
    all.set(target.machine, target);
  };
  targets.forEach(add);
  return [...all.values()];
}

export function machineName(target: SshTarget): string {
  return word(target, 'name', target.machine, /^[A-Za-z0-9][A-Za-z0-9._-]*$/);
}

function word(target: SshTarget, what: string, value: string, pattern: RegExp): string {
  if (pattern.test(value)) return value;
  throw unusable(target, `the ${what} ${JSON.stringify(value)}`);
}

function path(target: SshTarget, value: string): string {
  const quoted = sshConfigQuote(value);
  if (quoted === undefined) throw unusable(target, `the path ${JSON.stringify(value)}`);
  return quoted;
}

function unusable(target: SshTarget, what: string): LabError {
  return new LabError({
    code: 'SSH_CONFIG',
    message: `OpenSSH's configuration cannot express ${what} of ${target.machine}.`,
    remedy: [
      'Use plain names in lab.yaml, and a state directory (XDG_STATE_HOME) without line breaks and dollar signs.',
    ],
    machine: target.machine,
    exitCode: 2,
  });
}
