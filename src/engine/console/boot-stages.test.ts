import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BootStage } from '../events.js';
import { BootStages } from './boot-stages.js';

/** What the Lab OS shows from power-on to its prompt, as QEMU's console log has it. */
const FROM_DISK = [
  '\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS (version 1.16.2-debian-1.16.2-1)\r\n',
  'Machine UUID 799ab8ab-c09e-44ef-89dc-d2955cd57df8\r\nBooting from Hard Disk...\r\nGRUB loading...\r\n',
  '\x1b[0;30;47mWelcome to GRUB!\r\n\n\x1b[H\x1b[J\x1b[1;1HGRUB: loading the kernel of the Lab OS\n',
  '\rGRUB: loading the initial RAM disk\n',
  '\r[    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)\r\n',
  '[    0.151424] Kernel command line: BOOT_IMAGE=/flatcar/vmlinuz-a console=ttyS0,115200n8\r\n',
  '[    0.000000] DMI: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-debian-1.16.2-1 04/01/2014\r\n',
  '[    2.523964] Run /init as init process\r\nlabos: initrd: version 1.0.0\r\n',
  'labos: ignition: first boot, applying the configuration\r\nlabos: ignition: done\r\n',
  'labos: switching to the real root\r\n[    9.208422] systemd[1]: systemd 252 running in system mode\r\n',
  'core-provisioner login: ',
].join('');

/** A blank machine: firmware and the iPXE of its network card, which nobody answers. */
const BLANK = [
  '\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS (version 1.16.2-debian-1.16.2-1)\r\n',
  'iPXE (http://ipxe.org) 00:03.0 CA00 PCI2.10 PnP PMM+3EFCF0C0+3EF0F0C0 CA00\r\n',
  'Booting from Hard Disk...\r\nBoot failed: not a bootable disk\r\n\nBooting from ROM...\r\n',
  'iPXE (PCI 00:03.0) starting execution...ok\r\niPXE initialising devices...ok\r\n\n\n\n',
  '\x1b[0;1miPXE 1.0.0+git-20190125.36a4c85-5.1\x1b[0m -- Open Source Network Boot Firmware\r\n',
  '\x1b[0mFeatures: DNS HTTP iSCSI NFS TFTP AoE ELF MBOOT PXE bzImage Menu PXEXT\r\n',
  'net0: 08:00:27:8e:15:8a using virtio-net on 0000:00:03.0 (open)\r\n',
  'Configuring (net0 08:00:27:8e:15:8a).................. No configuration methods \r\n',
  'No more network devices\r\nBooting from Floppy...\r\nBoot failed: could not read the boot disk\r\n',
].join('');

const OVER_NETWORK = [
  BLANK.slice(0, BLANK.indexOf('Configuring')),
  'Configuring (net0 08:00:27:8e:15:8a)...... ok\r\nnet0: 192.168.2.10/255.255.255.0\r\n',
  'Filename: http://192.168.2.2/undionly.kpxe\r\niPXE initialising devices...ok\r\n',
  'http://192.168.2.2/vmlinuz... ok\r\nLinux version 6.1.0\r\nlabos: install to /dev/sda\r\n',
].join('');

/** Pieces of console text, also halves of markers and lines with several markers. */
const fragment = fc.oneof(
  fc.constantFrom('\r\n', '\n', '\r', ' ', 'v6', '1', '...', '\x1b[0m'),
  fc.constantFrom(
    'SeaBIOS',
    'Booting from',
    'Boot',
    'DHCP',
    'DHCPv6',
    'XDHCP',
    'Configuring (net0',
    'iPXE initialising',
  ),
  fc.constantFrom('iPXE 1.21', 'iPXE ', 'Filename: ', 'boot.ipxe', 'GRUB: loading', 'Linux version 6', 'vmlinuz'),
  fc.constantFrom('Run /init as init process', 'labos: ', 'initrd:', 'dracut', 'ignition[123]', 'ignition: first boot'),
  fc.constantFrom('flatcar-install', 'install', 'switching to the real root', 'systemd[1]: Switching root'),
  fc.string({ maxLength: 8 }),
);
const pieces = (text: string, cuts: readonly number[]) => {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => text.slice(places[index], end));
};
const stagesOf = (texts: readonly string[]) => {
  const stages = new BootStages();
  return texts.flatMap((text) => stages.feed(text));
};

describe('the stages of a boot', () => {
  test('from the disk', () => {
    const wanted: BootStage[] = ['firmware', 'kernel', 'initrd', 'ignition', 'system'];
    expect(stagesOf([FROM_DISK])).toEqual(wanted);
    expect(stagesOf([...FROM_DISK])).toEqual(wanted);
  });

  test('over the network', () => {
    expect(stagesOf([OVER_NETWORK])).toEqual(['firmware', 'dhcp', 'ipxe', 'kernel', 'install']);
  });

  test('of a blank machine end with the address that it does not get', () => {
    expect(stagesOf([BLANK])).toEqual(['firmware', 'dhcp']);
  });

  test('an iPXE that was fetched greets too; that of the network card, before an address, is firmware', () => {
    expect(stagesOf(['SeaBIOS\niPXE 1.21.1\n'])).toEqual(['firmware']);
    expect(stagesOf(['SeaBIOS\niPXE 1.0.0\nConfiguring (net0)\niPXE 1.21.1\n'])).toEqual(['firmware', 'dhcp', 'ipxe']);
  });

  test('dhcp is told when it is seen before iPXE, and a longer word is none', () => {
    expect(stagesOf(['SeaBIOS\n', 'DHCP', 'v6 and DHCPDISCOVER\n'])).toEqual(['firmware']);
    expect(stagesOf(['SeaBIOS\n', 'DHCP', ' timed out\n'])).toEqual(['firmware', 'dhcp']);
    expect(stagesOf(['CLIENT MAC ADDR: 08 00 27 8E 15 8A, DHCP\r\n'])).toEqual(['dhcp']);
  });

  test('a line that shows two stages tells both, whole or in pieces', () => {
    const line = 'Configuring (net0 08:00:27:8e:15:8a) ok, Filename: vmlinuz\n';
    expect(stagesOf([line])).toEqual(['dhcp', 'ipxe', 'kernel']);
    expect(stagesOf([...line])).toEqual(['dhcp', 'ipxe', 'kernel']);
  });

  test('a reboot begins again, and is told once even while its line is unfinished', () => {
    const stages = new BootStages();
    stages.feed(FROM_DISK);
    expect(stages.stage).toBe('system');
    expect(stages.feed('\r\nSeaBIOS (ver')).toEqual(['firmware']);
    expect(stages.feed('sion 1.16.2)')).toEqual([]);
    expect(stages.feed('\r\nGRUB: loading the kernel')).toEqual(['kernel']);
    expect(stages.stage).toBe('kernel');
  });

  test('firmware that speaks again before a kernel is no reboot', () => {
    expect(stagesOf(['SeaBIOS\nDHCP\nBooting from Hard Disk...\n'])).toEqual(['firmware', 'dhcp']);
  });

  test('power-on and ssh are told from outside; a power-on forgets an unfinished line', () => {
    const stages = new BootStages();
    expect(stages.reach('power-on')).toBe(false);
    stages.feed(FROM_DISK);
    expect(stages.reach('ssh')).toBe(true);
    expect(stages.reach('ssh')).toBe(false);
    stages.feed('Linux ver');
    expect(stages.reach('power-on')).toBe(true);
    expect(stages.feed('sion 6.1\n')).toEqual([]);
    expect(stages.stage).toBe('power-on');
  });

  test('a marker at the end of an endless line is found', () => {
    expect(stagesOf([...Array.from({ length: 200 }, () => '.'.repeat(997)), 'Linux ver', 'sion 6'])).toEqual([
      'kernel',
    ]);
  });

  test.each([
    ['from the disk', FROM_DISK],
    ['over the network', OVER_NETWORK],
    ['of a blank machine', BLANK],
    ['two boots', FROM_DISK + OVER_NETWORK],
  ])('do not depend on how the text is cut: %s', (_name, text) => {
    const whole = stagesOf([text]);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 40 }), (cuts) => {
        expect(stagesOf(pieces(text, cuts))).toEqual(whole);
      }),
    );
  });

  test('do not depend on how arbitrary text is cut', () => {
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 25 }), fc.array(fc.nat(), { maxLength: 12 }), (fragments, cuts) => {
        const text = fragments.join('');
        expect(stagesOf(pieces(text, cuts))).toEqual(stagesOf([text]));
      }),
      { numRuns: 2000 },
    );
  });
});
