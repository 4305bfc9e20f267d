import { imageDefinition } from '../images/image-definition.js';
import { compareVersions, isChannel } from '../images/release/versions.js';
import { defaultSerial } from './defaults.js';
import { hostRange, ipv4 } from './ipv4.js';
import type { LabConfig, MachineConfig } from './lab-config.js';

/** A fault in lab.yaml: where (keys and list positions from the top) and what. */
export interface ConfigFault {
  path: (string | number)[];
  message: string;
}

/** What no single value can tell: names twice, addresses outside, ranges that overlap. Reports all of it. */
export function checkConfig(config: LabConfig): ConfigFault[] {
  return [
    ...checkImage(config),
    ...checkDuplicates(config.machines),
    ...checkRoles(config.machines),
    ...checkAddresses(config),
  ];
}

function checkImage({ image }: LabConfig): ConfigFault[] {
  const definition = imageDefinition(image.name);
  const { version, update } = image;
  if (definition.release === undefined) {
    const keys = (['update', 'mirror'] as const).filter((key) => image[key] !== undefined);
    const faults: ConfigFault[] = keys.map((key) => ({
      path: ['image', key],
      message: `is not for ${image.name}: it is built, and no release of it is published`,
    }));
    if (/^\d{1,6}\.\d{1,6}\.\d{1,6}$/.test(version)) return faults;
    return [
      { path: ['image', 'version'], message: `must be three numbers, such as "1.0.0": it is ${version}` },
      ...faults,
    ];
  }
  if (update === undefined || isChannel(definition, update) || isChannel(definition, version)) return [];
  if (compareVersions(update, version) > 0) return [];
  return [{ path: ['image', 'update'], message: `${update} must be newer than image.version (${version})` }];
}

function checkDuplicates(machines: MachineConfig[]): ConfigFault[] {
  const faults: ConfigFault[] = [];
  for (const key of ['name', 'mac', 'serial', 'ip', 'sshPort'] as const) {
    const seen = new Map<string | number, string>();
    machines.forEach((machine, index) => {
      // Mayu takes serials in upper and lower case for the same.
      const value = key === 'serial' ? machine.serial.toLowerCase() : machine[key];
      // A serial that was made of a MAC says nothing that the MAC does not.
      if (!value || (key === 'serial' && value === defaultSerial(machine.mac) && seen.has(value))) return;
      const first = seen.get(value);
      if (first === undefined) seen.set(value, machine.name);
      else
        faults.push({
          path: ['machines', index, key],
          message: `${machine[key]} is the ${key} of ${first} already: each needs its own`,
        });
    });
  }
  return faults;
}

function checkRoles(machines: MachineConfig[]): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const provisioners = machines.filter(({ role }) => role === 'provisioner');
  if (provisioners.length !== 1) {
    faults.push({
      path: ['machines'],
      message: `must have exactly one machine with role: provisioner, and has ${provisioners.length}`,
    });
  }
  machines.forEach((machine, index) => {
    if (machine.role === 'node' && machine.ip !== undefined) {
      faults.push({ path: ['machines', index, 'ip'], message: 'is not for nodes: they get an address from nodePool' });
    }
    if (machine.role === 'node' && /^0123456789$|vmware/i.test(machine.serial)) {
      faults.push({ path: ['machines', index, 'serial'], message: 'is one that Mayu ignores: choose another' });
    }
    if (machine.role === 'node' && machine.sshPort !== undefined) {
      faults.push({
        path: ['machines', index, 'sshPort'],
        message: 'is not for nodes: they are reached through the provisioner',
      });
    }
  });
  return faults;
}

function checkAddresses({ network, machines }: LabConfig): ConfigFault[] {
  const hosts = hostRange(network.cidr);
  if (hosts === undefined) return [];
  const faults: ConfigFault[] = [];
  const inside = (path: ConfigFault['path'], address: string): number | undefined => {
    const number = ipv4(address);
    if (number === undefined) return undefined;
    if (number < hosts.first || number > hosts.last) {
      faults.push({ path, message: `${address} is not a host address of ${network.cidr}` });
      return undefined;
    }
    return number;
  };
  inside(['network', 'gateway'], network.gateway);
  const pools = (['bootPool', 'nodePool'] as const).map((key) => {
    const start = inside(['network', key, 'start'], network[key].start);
    const end = inside(['network', key, 'end'], network[key].end);
    if (start !== undefined && end !== undefined && start > end) {
      faults.push({
        path: ['network', key],
        message: `ends (${network[key].end}) before it starts (${network[key].start})`,
      });
    }
    return { key, start: start ?? 0, end: end ?? -1 };
  });
  const [boot, node] = pools;
  if (boot && node && boot.start <= node.end && node.start <= boot.end) {
    faults.push({
      path: ['network', 'nodePool'],
      message: 'overlaps with bootPool: the two must have no address in common',
    });
  }
  const nodes = machines.filter(({ role }) => role === 'node').length;
  if (node && node.end >= node.start && node.end - node.start + 1 < nodes) {
    faults.push({ path: ['network', 'nodePool'], message: `has fewer addresses than there are nodes (${nodes})` });
  }
  machines.forEach((machine, index) => {
    if (machine.ip === undefined) return;
    const number = inside(['machines', index, 'ip'], machine.ip);
    const pool = pools.find(({ start, end }) => number !== undefined && number >= start && number <= end);
    if (pool)
      faults.push({
        path: ['machines', index, 'ip'],
        message: `${machine.ip} lies in ${pool.key}, whose addresses are given away`,
      });
  });
  return faults;
}
