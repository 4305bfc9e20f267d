import type { LabConfig, MachineConfig } from '../config/lab-config.js';
import { imageDefinition } from '../images/image-definition.js';
import type { LabKeys } from '../keys/keys.js';
import { type IgnitionConfig, ignition, user } from './ignition.js';
import { environmentFile, hostsFile, identityFiles, networkFile } from './machine-files.js';

/** Ignition config of a node: who it is, who may log in, its address by DHCP on the private network. */
export function nodeIgnition(config: LabConfig, machine: MachineConfig, keys: LabKeys): IgnitionConfig {
  return ignition(imageDefinition(config.image.name).ignition, {
    users: [user('core', keys.user.publicKey)],
    files: [
      ...identityFiles(machine, keys.host(machine.name)),
      networkFile('10-private', machine.mac, ['[Network]', 'DHCP=ipv4', '', '[DHCPv4]', 'UseHostname=no']),
      hostsFile(config),
      environmentFile(config),
    ],
  });
}
