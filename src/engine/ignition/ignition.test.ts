import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabConfig } from '../config/lab-config.js';
import { findProgram } from '../exec-missing.js';
import { ensureLabKeys, type LabKeys } from '../keys/keys.js';
import { file, type IgnitionConfig, ignition, link, unit, user } from './ignition.js';
import { nodeIgnition } from './node.js';
import { provisionerIgnition } from './provisioner.js';
import { uplinkMac } from './uplink-mac.js';

const validator = await findProgram('ignition-validate');
const config: LabConfig = {
  name: 'sandbox',
  provider: 'qemu',
  virtualbox: { network: 'tunnel' },
  image: { name: 'labos', version: '1.0.0' },
  network: {
    cidr: '192.168.2.0/24',
    gateway: '192.168.2.2',
    bootPool: { start: '192.168.2.10', end: '192.168.2.20' },
    nodePool: { start: '192.168.2.21', end: '192.168.2.30' },
  },
  shared: '',
  mayu: { version: '1.3.0' },
  updates: { server: 'stand-in', nebraska: 'ghcr.io/flatcar/nebraska:1', postgresql: 'docker.io/library/postgres:1' },
  machines: [
    {
      name: 'core-provisioner',
      role: 'provisioner',
      memory: 768,
      cpus: 1,
      disk: 8,
      mac: '08:00:27:8e:15:80',
      serial: 'p',
      ip: '192.168.2.2',
      sshPort: 0,
    },
    { name: 'core-01', role: 'node', memory: 768, cpus: 1, disk: 8, mac: '08:00:27:8e:15:8a', serial: 'n1' },
    { name: 'core-02', role: 'node', memory: 768, cpus: 1, disk: 8, mac: '08:00:27:8e:15:8b', serial: 'n2' },
  ],
};

let directory: string;
let keys: LabKeys;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lab-ignition-'));
  keys = await ensureLabKeys(join(directory, 'keys'), ['core-provisioner', 'core-01', 'core-02']);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function read(ign: IgnitionConfig, path: string): { text: string; mode: string } {
  const found = ign.storage?.files?.filter((entry) => entry.path === path) ?? [];
  expect(found).toHaveLength(1);
  const [, base64] = /^data:;base64,(.*)$/.exec(found[0]?.contents.source ?? '') ?? [];
  return { text: Buffer.from(base64 ?? '', 'base64').toString(), mode: (found[0]?.mode ?? 0).toString(8) };
}

describe('the provisioner', () => {
  test('is known by its host key and lets the lab log in as core, with sudo', () => {
    const ign = provisionerIgnition(config, keys);
    const { privateKey, publicKey } = keys.host('core-provisioner');
    expect(ign.passwd?.users).toEqual([
      { name: 'core', sshAuthorizedKeys: [keys.user.publicKey], groups: ['sudo'], shell: '/bin/bash' },
    ]);
    expect(read(ign, '/etc/ssh/ssh_host_ed25519_key')).toEqual({ text: privateKey, mode: '600' });
    expect(read(ign, '/etc/ssh/ssh_host_ed25519_key.pub')).toEqual({ text: `${publicKey}\n`, mode: '644' });
    expect(read(ign, '/etc/hostname').text).toBe('core-provisioner\n');
  });

  test('has an uplink by DHCP and a fixed private address that boot does not wait for', () => {
    const ign = provisionerIgnition(config, keys);
    const uplink = read(ign, '/etc/systemd/network/10-uplink.network').text;
    expect(uplink).toContain(`MACAddress=${uplinkMac(config.machines[0] as never)}\n`);
    expect(uplink).toContain('DHCP=ipv4');
    const nic = read(ign, '/etc/systemd/network/10-private.network').text;
    expect(nic).toContain('MACAddress=08:00:27:8e:15:80\n');
    expect(nic).toContain('Address=192.168.2.2/24\n');
    expect(nic).toContain('RequiredForOnline=no\n');
    expect(nic).not.toMatch(/Gateway|DHCP|IPForward|Masquerade/);
  });

  test('knows the lab', () => {
    const ign = provisionerIgnition(config, keys);
    expect(read(ign, '/etc/hosts').text).toBe('127.0.0.1 localhost\n::1 localhost\n192.168.2.2 core-provisioner\n');
    expect(read(ign, '/etc/coreos-lab/lab.env').text).toContain('PRIVATE_CIDR="192.168.2.0/24"\n');
    expect(read(ign, '/etc/coreos-lab/lab.env').text).toContain('NODE_NAMES="core-01 core-02"\n');
  });

  test('without an address is an error that says what to write', () => {
    const nodes = { ...config, machines: config.machines.slice(1) };
    expect(() => provisionerIgnition(nodes, keys)).toThrow(/no provisioner with a fixed private address/);
  });
});

test('each image gets the version of the specification that it understands', () => {
  const flatcar = { ...config, image: { name: 'flatcar' as const, version: '4593.2.5' } };
  const versions = [config, flatcar].flatMap((each) => [
    provisionerIgnition(each, keys).ignition.version,
    nodeIgnition(each, config.machines[1] as never, keys).ignition.version,
  ]);
  expect(versions).toEqual(['3.3.0', '3.3.0', '3.4.0', '3.4.0']);
});

test('the uplink MAC is stable, locally administered, and differs between machines', () => {
  const [provisioner, node] = config.machines as [never, never];
  expect(uplinkMac({ name: 'core-provisioner', mac: '08:00:27:8E:15:80' })).toBe(uplinkMac(provisioner));
  expect(uplinkMac(provisioner)).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/);
  expect(uplinkMac(provisioner)).not.toBe(uplinkMac(node));
});

describe.skipIf(validator === undefined)('ignition-validate', () => {
  /** Debian 12 has Ignition 2.14, where 3.4.0 has its last fields already and is still called experimental. */
  async function newest(ign: IgnitionConfig): Promise<object> {
    const accepted = await validate({ ignition: { version: '3.4.0' } }).catch(() => undefined);
    const version = accepted === '' ? '3.4.0' : '3.4.0-experimental';
    return { ...ign, ignition: { ...ign.ignition, version } };
  }

  async function validate(ign: object): Promise<string> {
    const path = join(directory, 'x.ign');
    await writeFile(path, JSON.stringify(ign));
    const { stdout, stderr } = await promisify(execFile)(validator as string, [path]);
    return stdout + stderr;
  }

  test('accepts what the lab writes, without a warning', async () => {
    const everything = ignition('3.3.0', {
      users: [user('core', keys.user.publicKey)],
      files: [file('/etc/x', 'größe\n', 0o600)],
      links: [link('/etc/y', '../x')],
      units: [
        unit('sshd.service'),
        unit('x.service', '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=x.target\n'),
      ],
    });
    expect(await validate(provisionerIgnition(config, keys))).toBe('');
    expect(await validate(nodeIgnition(config, config.machines[1] as never, keys))).toBe('');
    expect(await validate(everything)).toBe('');
    const flatcar = { ...config, image: { name: 'flatcar' as const, version: '4593.2.5' } };
    expect(await validate(await newest(provisionerIgnition(flatcar, keys)))).toBe('');
    expect(await validate(await newest(nodeIgnition(flatcar, config.machines[1] as never, keys)))).toBe('');
  });

  test('would tell: it refuses a relative path', async () => {
    for (const version of ['3.3.0', '3.4.0'] as const) {
      const wrong = ignition(version, { files: [file('etc/x', '')] });
      await expect(validate(version === '3.4.0' ? await newest(wrong) : wrong)).rejects.toMatchObject({
        stdout: expect.stringContaining('path not absolute'),
      });
    }
  });
});
