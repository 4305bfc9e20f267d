import type { LabConfig, MachineConfig } from '../config/lab-config.js';
import type { KeyPair } from '../keys/ed25519.js';
import { file, type IgnitionFile } from './ignition.js';

/** Host name and host keys: with them a machine is known from the first byte it sends. */
export function identityFiles(machine: MachineConfig, hostKey: KeyPair): IgnitionFile[] {
  return [
    file('/etc/hostname', `${machine.name}\n`),
    file('/etc/ssh/ssh_host_ed25519_key', hostKey.privateKey, 0o600),
    file('/etc/ssh/ssh_host_ed25519_key.pub', `${hostKey.publicKey}\n`),
  ];
}

/** A networkd configuration for the card with this MAC; names of cards differ between hypervisors. */
export function networkFile(name: string, mac: string, lines: readonly string[]): IgnitionFile {
  return file(`/etc/systemd/network/${name}.network`, `[Match]\nMACAddress=${mac}\n\n${lines.join('\n')}\n`);
}

/** Names of the machines whose address is known beforehand; nodes get theirs from Mayu. */
export function hostsFile(config: LabConfig): IgnitionFile {
  const fixed = config.machines.flatMap(({ ip, name }) => (ip === undefined ? [] : [`${ip} ${name}`]));
  return file('/etc/hosts', ['127.0.0.1 localhost', '::1 localhost', ...fixed, ''].join('\n'));
}

/** What scripts on the machines and in the lessons may need to know. */
export function labVariables(config: LabConfig): Record<string, string> {
  const { network, machines } = config;
  const provisioner = machines.find(({ role }) => role === 'provisioner');
  return {
    LAB_NAME: config.name,
    PROVISIONER_NAME: provisioner?.name ?? '',
    PROVISIONER_IP: provisioner?.ip ?? '',
    PRIVATE_CIDR: network.cidr,
    PRIVATE_GATEWAY: network.gateway,
    BOOT_POOL_START: network.bootPool.start,
    BOOT_POOL_END: network.bootPool.end,
    NODE_POOL_START: network.nodePool.start,
    NODE_POOL_END: network.nodePool.end,
    NODE_NAMES: machines.flatMap(({ role, name }) => (role === 'node' ? [name] : [])).join(' '),
    MAYU_VERSION: config.mayu.version,
  };
}

/** The same as a file; shell and systemd's EnvironmentFile= read it alike. */
export function environmentFile(config: LabConfig): IgnitionFile {
  const lines = Object.entries(labVariables(config)).map(
    ([name, value]) => `${name}="${value.replace(/[\\"$`]/g, '\\$&')}"\n`,
  );
  return file('/etc/coreos-lab/lab.env', lines.join(''));
}
