import type { LabConfig, MachineConfig } from './lab-config.js';

/** The topology of the original workshop: one provisioner, three blank nodes. */
export function defaultLabConfig(): LabConfig {
  return {
    name: 'default',
    provider: 'auto',
    image: { name: 'labos', version: '1.0.0' },
    network: {
      cidr: '192.168.2.0/24',
      gateway: '192.168.2.2',
      bootPool: { start: '192.168.2.10', end: '192.168.2.20' },
      nodePool: { start: '192.168.2.21', end: '192.168.2.30' },
    },
    shared: './shared',
    mayu: { version: '1.3.0' },
    machines: [provisioner(), node(1, '8a'), node(2, '8b'), node(3, '8c')],
  };
}

/** What a machine gets that says only its name, role and MAC. */
export const MACHINE_DEFAULTS = {
  provisioner: { memory: 1024, cpus: 1, disk: 8 },
  node: { memory: 1024, cpus: 1, disk: 8 },
} as const;

/** What a machine reports as its serial number when lab.yaml gives it none. */
export function defaultSerial(mac: string): string {
  return `${mac.replaceAll(':', '')}-0`;
}

function provisioner(): MachineConfig {
  return {
    name: 'core-provisioner',
    role: 'provisioner',
    ...MACHINE_DEFAULTS.provisioner,
    mac: '08:00:27:8e:15:01',
    serial: '0800278e1501-0',
    ip: '192.168.2.2',
    sshPort: 0,
  };
}

function node(number: number, end: string): MachineConfig {
  return {
    name: `core-0${number}`,
    role: 'node',
    ...MACHINE_DEFAULTS.node,
    mac: `08:00:27:8e:15:${end}`,
    serial: `0800278e15${end}-0`,
  };
}
