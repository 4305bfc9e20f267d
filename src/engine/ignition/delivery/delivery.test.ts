import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../../exec-missing.js';
import { createExec } from '../../exec-process.js';
import { file, ignition, link, unit, user } from '../ignition.js';
import { cloudConfig } from './cloud-config.js';
import { configDrive } from './config-drive.js';
import { fitsGuestProperty, pointerConfig } from './guest-property.js';
import { isoImage } from './iso9660.js';

const exec = createExec({ emit: () => {} });
const validator = await findProgram('ignition-validate');
const grubReader = await findProgram('grub-fstest');
const prober = await findProgram('blkid');
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'delivery-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('a pointer', () => {
  const config = JSON.stringify(ignition('3.4.0', { files: [file('/etc/x', 'y'.repeat(5000))] }));

  test('fits where the configuration does not, and says which bytes it stands for', () => {
    const pointer = pointerConfig('3.4.0', 'http://10.0.2.2:40000/0123456789abcdef0123456789abcdef', config);
    expect(fitsGuestProperty(config)).toBe(false);
    expect(fitsGuestProperty(pointer)).toBe(true);
    expect(JSON.parse(pointer)).toEqual({
      ignition: {
        version: '3.4.0',
        config: {
          replace: {
            source: 'http://10.0.2.2:40000/0123456789abcdef0123456789abcdef',
            verification: { hash: `sha512-${createHash('sha512').update(config).digest('hex')}` },
          },
        },
      },
    });
  });

  test('that would not fit is refused; the limit is VirtualBox’s, with its end mark', () => {
    expect(fitsGuestProperty('x'.repeat(1023))).toBe(true);
    expect(fitsGuestProperty('x'.repeat(1024))).toBe(false);
    expect(fitsGuestProperty('ü'.repeat(512))).toBe(false);
    const url = `http://10.0.2.2/${'x'.repeat(1000)}`;
    expect(() => pointerConfig('3.4.0', url, config)).toThrow(expect.objectContaining({ code: 'IGNITION_TOO_LONG' }));
  });

  test.skipIf(validator === undefined)('is accepted by ignition-validate', async () => {
    const path = join(directory, 'pointer.ign');
    await writeFile(path, pointerConfig('3.3.0', 'http://10.0.2.2:40000/x', config));
    const { stdout, stderr, exitCode } = await exec.run('ignition-validate', [path]);
    expect({ exitCode, told: stdout + stderr }).toEqual({ exitCode: 0, told: '' });
  });
});

describe('cloud-config', () => {
  test('says what the Ignition config says', () => {
    const text = cloudConfig(
      ignition('3.4.0', {
        users: [user('core', 'ssh-ed25519 AAAA lab')],
        files: [
          file('/etc/hostname', 'core-provisioner\n'),
          file('/etc/systemd/network/10-private.network', '[Match]\n'),
          file('/etc/ssh/ssh_host_ed25519_key', 'größer\n', 0o600),
        ],
        units: [unit('x.service', '[Service]\n'), { name: 'update-engine.service', mask: true }],
      }),
    );
    const [head, ...rest] = text.split('\n');
    expect(head).toBe('#cloud-config');
    const value = JSON.parse(rest.join('\n'));
    expect(value).toMatchObject({
      hostname: 'core-provisioner',
      ssh_authorized_keys: ['ssh-ed25519 AAAA lab'],
      coreos: {
        units: [
          { name: 'systemd-networkd.service', command: 'restart' },
          { name: 'x.service', enable: true, command: 'start', content: '[Service]\n' },
          { name: 'update-engine.service', mask: true },
        ],
      },
    });
    expect(value.write_files.map(({ path, permissions }: Record<string, string>) => `${permissions} ${path}`)).toEqual([
      '0644 /etc/hostname',
      '0644 /etc/systemd/network/10-private.network',
      '0600 /etc/ssh/ssh_host_ed25519_key',
    ]);
    expect(Buffer.from(value.write_files[2].content, 'base64').toString()).toBe('größer\n');
  });

  test('is refused for what it cannot say', () => {
    expect(() => cloudConfig(ignition('3.4.0', { links: [link('/etc/x', 'y')] }))).toThrow('no links');
    expect(() => cloudConfig(ignition('3.4.0', { users: [user('root', 'k')] }))).toThrow('not the user core');
  });
});

describe('a config drive', () => {
  test('is the same for the same contents, and refuses names that it cannot keep', () => {
    expect(configDrive('#cloud-config\n').equals(configDrive('#cloud-config\n'))).toBe(true);
    expect(() => isoImage('x', { 'user-data': Buffer.from('') })).toThrow('cannot be the name');
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`file_${index}`, Buffer.from('')]));
    expect(() => isoImage('x', many)).toThrow('too many files');
  });

  test.skipIf(grubReader === undefined)('can be read by somebody else’s reader', async () => {
    const userData = `#cloud-config\n${'x'.repeat(5000)}\n`;
    const path = join(directory, 'config.iso');
    await writeFile(path, configDrive(userData));
    const list = await exec.run('grub-fstest', [path, 'ls', '(loop0)/openstack/latest/']);
    expect(list.stdout.trim()).toBe('user_data');
    const copy = join(directory, 'user_data');
    expect(await exec.run('grub-fstest', [path, 'cp', '(loop0)/openstack/latest/user_data', copy])).toMatchObject({
      exitCode: 0,
    });
    expect((await exec.run('cmp', [copy, '-'], { input: userData })).exitCode).toBe(0);
  });

  test.skipIf(prober === undefined)('has the label by which machines look for it', async () => {
    const path = join(directory, 'label.iso');
    await writeFile(path, configDrive('x'));
    const { stdout } = await exec.run('blkid', ['-p', '-o', 'export', path]);
    expect(stdout).toMatch(/^LABEL=config-2$/m);
    expect(stdout).toMatch(/^TYPE=iso9660$/m);
  });
});
