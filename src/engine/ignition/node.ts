import type { LabConfig, MachineConfig } from '../config/lab-config.js';
import type { LabKeys } from '../keys/keys.js';
import { type IgnitionConfig, ignition, user } from './ignition.js';
import { environmentFile, hostsFile, identityFiles, networkFile } from './machine-files.js';

/** Ignition config (spec 3.3.0) of a node: who it is, who may log in, its address by DHCP on the private network. */
export function nodeIgnition(config: LabConfig, machine: MachineConfig, keys: LabKeys): IgnitionConfig {
  return ignition({
    users: [user('core', keys.user.publicKey)],
    files: [
      ...identityFiles(machine, keys.host(machine.name)),
      networkFile('10-private', machine.mac, ['[Network]', 'DHCP=ipv4', '', '[DHCPv4]', 'UseHostname=no']),
      hostsFile(config),
      environmentFile(config),
    ],
  });
}
