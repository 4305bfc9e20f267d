import { expect, test } from 'vitest';
import { defaultLabConfig } from '../config/defaults.js';
import type { MachineConfig } from '../config/lab-config.js';
import type { Trouble } from '../console/boot-troubles.js';
import { troubleError } from './trouble-error.js';

const [provisioner, node] = defaultLabConfig().machines as [MachineConfig, MachineConfig];

test.each<[Trouble['kind'], string, string, RegExp]>([
  ['install', '/dev/vda has 1024 MiB, and 2048 are needed', 'INSTALL_FAILED', /lab\.yaml \(disk: 8/],
  ['install', 'no disk has the 2 GiB that are needed: vda 1G', 'INSTALL_FAILED', /destroy core-01/],
  [
    'install',
    '/usr in memory is not what was built: the download was damaged. /dev/vda is as it was',
    'INSTALL_FAILED',
    /image send$/,
  ],
  ['install', '/tmp/tmp.x is no Ignition configuration', 'INSTALL_FAILED', /journalctl -u mayu/],
  ['install', 'something else', 'INSTALL_FAILED', /reload core-01/],
  ['boot', 'ignition: no configuration from http://192.168.2.2:4081/ignition', 'BOOT_FAILED', /journalctl -u mayu/],
  ['boot', 'ignition: no DHCP server gave out an address', 'BOOT_FAILED', /journalctl -u mayu/],
  ['boot', 'the squashfs in the initrd cannot be mounted', 'BOOT_FAILED', /image send/],
  ['boot', 'no memory for a root file system', 'BOOT_FAILED', /more memory/],
  ['boot', 'no slot is left to boot', 'BOOT_FAILED', /destroy core-01/],
  ['silent', 'two minutes (kernel)', 'BOOT_SILENT', /reset core-01$/],
  ['nothing', 'No bootable device', 'NOTHING_TO_BOOT', /mayu status/],
])('%s: %s', (kind, reason, code, remedy) => {
  const error = troubleError(node, provisioner.name, { kind, reason });
  expect(error).toMatchObject({ code, machine: 'core-01' });
  expect(error.message).toContain(kind === 'nothing' ? 'core-01 finds nothing to boot' : reason);
  expect(error.remedy[0]).toMatch(remedy);
  expect(error.remedy.at(-1)).toBe('Look at its console: coreos-lab console core-01');
});

test('of the provisioner nothing is said about Mayu', () => {
  for (const kind of ['nothing', 'boot'] as const) {
    const { remedy } = troubleError(provisioner, provisioner.name, { kind, reason: 'no DHCP' });
    expect(remedy[0]).toMatch(/destroy core-provisioner/);
  }
});
