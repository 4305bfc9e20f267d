import { imageDefinition } from '../images/image-definition.js';
import type { ImageConfig, LabConfig, MachineConfig } from './lab-config.js';

/** The topology of the original workshop: one provisioner, three blank nodes. */
export function defaultLabConfig(image: ImageConfig['name'] = 'labos'): LabConfig {
  const sizes = imageDefinition(image).machines;
  return {
    name: 'default',
    provider: 'auto',
    virtualbox: { network: 'tunnel' },
    image: { name: image, version: imageDefinition(image).defaultVersion },
    network: {
      cidr: '192.168.2.0/24',
      gateway: '192.168.2.2',
      bootPool: { start: '192.168.2.10', end: '192.168.2.20' },
      nodePool: { start: '192.168.2.21', end: '192.168.2.30' },
    },
    shared: './shared',
    mayu: { version: '1.3.0' },
    updates: {
      server: 'stand-in',
      nebraska: 'ghcr.io/flatcar/nebraska:3.0.0',
      // 17.6; podman takes a tag or a digest, not both.
      postgresql: 'docker.io/library/postgres@sha256:00bc86618629af00d2937fdc5a5d63db3ff8450acf52f0636ec813c7f4902929',
    },
    machines: [
      provisioner(sizes.provisioner),
      node(sizes.node, 1, '8a'),
      node(sizes.node, 2, '8b'),
      node(sizes.node, 3, '8c'),
    ],
  };
}

/** What a machine reports as its serial number when lab.yaml gives it none. */
export function defaultSerial(mac: string): string {
  return `${mac.replaceAll(':', '')}-0`;
}

type Size = Pick<MachineConfig, 'memory' | 'cpus' | 'disk'>;

function provisioner(size: Size): MachineConfig {
  return {
    name: 'core-provisioner',
    role: 'provisioner',
    ...size,
    mac: '08:00:27:8e:15:01',
    serial: '0800278e1501-0',
    ip: '192.168.2.2',
    sshPort: 0,
  };
}

function node(size: Size, number: number, end: string): MachineConfig {
  return {
    name: `core-0${number}`,
    role: 'node',
    ...size,
    mac: `08:00:27:8e:15:${end}`,
    serial: `0800278e15${end}-0`,
  };
}
