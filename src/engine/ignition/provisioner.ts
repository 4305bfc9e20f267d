import type { LabConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import { imageDefinition } from '../images/image-definition.js';
import type { LabKeys } from '../keys/keys.js';
import { type IgnitionConfig, ignition, user } from './ignition.js';
import { environmentFile, hostsFile, identityFiles, networkFile } from './machine-files.js';
import { uplinkMac } from './uplink-mac.js';

/** In the network that provision/mayu/templates/dnsmasq.conf advertises. */
const ROUTER_ADVERTISER = 'fd00:c0:2e05::2/64';

/**
 * Ignition config of the provisioner: who it is, who may log in, its two network cards. IP forwarding and
 * masquerading are left to lesson 1, which sets them where everybody can see it. Throws LabError CONFIG_PROVISIONER.
 */
export function provisionerIgnition(config: LabConfig, keys: LabKeys): IgnitionConfig {
  const machine = config.machines.find(({ role }) => role === 'provisioner');
  const prefix = config.network.cidr.split('/')[1];
  if (machine?.ip === undefined || prefix === undefined) {
    throw new LabError({
      code: 'CONFIG_PROVISIONER',
      message: `The lab ${config.name} has no provisioner with a fixed private address.`,
      remedy: ['Give the machine with role provisioner an ip within network.cidr in lab.yaml.'],
      exitCode: 2,
    });
  }
  return ignition(imageDefinition(config.image.name).ignition, {
    users: [user('core', keys.user.publicKey)],
    files: [
      ...identityFiles(machine, keys.host(machine.name)),
      networkFile('10-uplink', uplinkMac(machine), [
        '[Network]',
        'DHCP=ipv4',
        'IPv6AcceptRA=no',
        '',
        '[DHCPv4]',
        'UseDNS=yes',
        'UseHostname=no',
      ]),
      // Boot must not wait for a cable that leads to machines not yet started, but services may bind the address.
      networkFile('10-private', machine.mac, [
        '[Link]',
        'RequiredForOnline=no',
        '',
        '[Network]',
        `Address=${machine.ip}/${prefix}`,
        // For router advertisements alone: without one, iPXE waits 13 seconds for IPv6.
        `Address=${ROUTER_ADVERTISER}`,
        'LinkLocalAddressing=ipv6',
        'IPv6AcceptRA=no',
        'ConfigureWithoutCarrier=yes',
      ]),
      hostsFile(config),
      environmentFile(config),
    ],
  });
}
