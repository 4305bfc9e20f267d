import type { LabConfig } from '../../engine/config/lab-config.js';
import type { MachineStatus } from '../../engine/lab.js';

const node = (n: number, mac: string) => ({
  name: `core-0${n}`,
  role: 'node' as const,
  memory: 1024,
  cpus: 1,
  disk: 8,
  mac,
  serial: `${mac.replaceAll(':', '')}-0`,
});

/** The design's default topology. */
export const fixtureConfig: LabConfig = {
  name: 'default',
  provider: 'auto',
  virtualbox: { network: 'tunnel' },
  image: { name: 'labos', version: '1.0' },
  network: {
    cidr: '192.168.2.0/24',
    gateway: '192.168.2.2',
    bootPool: { start: '192.168.2.10', end: '192.168.2.20' },
    nodePool: { start: '192.168.2.21', end: '192.168.2.30' },
  },
  shared: '',
  mayu: { version: '1.0.0' },
  updates: { server: 'stand-in', nebraska: 'ghcr.io/flatcar/nebraska:1', postgresql: 'docker.io/library/postgres:1' },
  machines: [
    {
      name: 'core-provisioner',
      role: 'provisioner',
      memory: 1024,
      cpus: 1,
      disk: 8,
      mac: '08:00:27:8e:15:89',
      serial: '0800278e1589-0',
      ip: '192.168.2.2',
      sshPort: 0,
    },
    node(1, '08:00:27:8e:15:8a'),
    node(2, '08:00:27:8e:15:8b'),
    node(3, '08:00:27:8e:15:8c'),
  ],
};

export const nothingCreated: MachineStatus[] = fixtureConfig.machines.map(({ name, role }) => ({
  name,
  role,
  state: 'not_created',
}));

export const provisionerUp: MachineStatus[] = nothingCreated.map((row) =>
  row.role === 'provisioner' ? { ...row, state: 'running', ip: '192.168.2.2', ssh: true, uptime: 192_000 } : row,
);
