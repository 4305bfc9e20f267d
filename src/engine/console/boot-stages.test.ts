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
  'http://192.168.2.2/vmlinuz... ok\r\nLinux version 6.1.0\r\nlabos: install: to /dev/sda: Lab OS 1.0.0\r\n',
].join('');

/** The kernel and what comes after it in a system that came over the network, with an installer; `percents` of it are shown. */
const INSTALL = (...lines: string[]) =>
  [
    '[    0.000000] Linux version 6.1.0-56-amd64\r\nlabos: initrd: version 1.0.0\r\nlabos: initrd: /usr from the network image\r\n',
    'labos: ignition: first boot, applying the configuration\r\nlabos: ignition: asking for an address on eth0\r\n',
    'labos: ignition: done\r\nlabos: switching to the real root\r\n[    9.2] systemd[1]: systemd 252 running in system mode\r\n',
    '[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mnetwork-online.target\x1b[0m.\r\n',
    'labos: ready: core-01\r\n         Starting \x1b[0;1;39minstall.service\x1b[0m - Install to disk...\r\n',
    ...lines.flatMap((line) => [
      `labos: install: ${line}\r\n`,
      `[   14.020] install[355]: flatcar-install: ${line}\r\n`,
    ]),
  ].join('');
const DONE = ['to /dev/vda: Lab OS 1.0.0', '0% checking /usr', '23% /usr', '90% boot loader', '100% done'];
/** From disk, after an installation; the journal echoes what units say. */
const AS_NODE = [
  '\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS (version 1.16.2-debian-1.16.2-1)\r\nBooting from Hard Disk...\r\nGRUB loading...\r\n',
  '\x1b[1;1HGRUB: loading the kernel of the Lab OS\n\r[    0.000000] Linux version 6.1.0-56-amd64\r\n',
  '[    2.5] Run /init as init process\r\nlabos: initrd: /usr from USR-A (priority 2, tries 0, successful 1)\r\n',
  'labos: ignition: first boot, applying the configuration\r\nlabos: ignition: done\r\nlabos: switching to the real root\r\n',
  'labos: ready: core-01\r\nlab: etcd: joining the cluster of 192.168.2.21\r\n',
  'lab: etcd: member core-01 of 3\r\nlab: boot complete\r\n',
].join('');
const NETWORK = OVER_NETWORK.slice(0, OVER_NETWORK.indexOf('Linux version'));
/** A node from power-on to its work. */
const NODE = NETWORK + INSTALL(...DONE) + AS_NODE;

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
  fc.constantFrom('labos: install: to ', 'labos: install: 4', '7%', 'labos: install: 100%', 'labos: install: done'),
  fc.constantFrom('labos: install: FAILED: x', 'Success! X is', ' installed on /dev/vda', 'lab: boot complete'),
  fc.constantFrom('lab: etcd: member core-01', ' of 3', 'labos: boot complete', 'Configuring (net0 '),
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

  test('of a node: over the network, installed, and once more from its disk', () => {
    const wanted: BootStage[] = [
      ...(['firmware', 'dhcp', 'ipxe', 'kernel', 'initrd', 'ignition', 'system'] as const),
      ...(['install', 'reboot', 'disk', 'system', 'etcd', 'running'] as const),
    ];
    expect(stagesOf([NODE])).toEqual(wanted);
    expect(stagesOf([...NODE])).toEqual(wanted);
    // The boot of an installed node, seen alone or later, is a boot of its own.
    const again: BootStage[] = ['firmware', 'kernel', 'initrd', 'ignition', 'system', 'etcd', 'running'];
    expect(stagesOf([AS_NODE])).toEqual(again);
    expect(stagesOf([NODE + AS_NODE])).toEqual([...wanted, ...again]);
  });

  test('the installer’s percentage, however it is cut and whatever is printed between', () => {
    for (let cut = 0; cut <= NODE.length; cut++) {
      const stages = new BootStages();
      const percents = new Set<number | undefined>();
      const parts = [NODE.slice(0, cut), ...NODE.slice(cut).split(/(?<=\n)/)];
      for (const part of parts) {
        stages.feed(part);
        if (stages.stage === 'install') percents.add(stages.percent);
      }
      expect(stages.stage).toBe('running');
      expect(stages.percent).toBeUndefined();
      expect([...percents].every((percent, index, all) => index === 0 || (percent ?? 0) > (all[index - 1] ?? -1))).toBe(
        true,
      );
    }
  });

  test('after a reset in mid-install the boot begins again; so it does after an installation that failed', () => {
    const again: BootStage[] = ['firmware', 'dhcp', 'ipxe', 'kernel'];
    const before = stagesOf([NETWORK + INSTALL()]);
    for (const lines of [DONE.slice(0, 3), [...DONE.slice(0, 3), 'FAILED: /dev/vda has 512 MiB']]) {
      expect(stagesOf([NETWORK + INSTALL(...lines) + NETWORK])).toEqual([...before, 'install', ...again]);
    }
  });

  test('a disk that cannot be booted after all sends the machine back to the network', () => {
    const stages = stagesOf([NETWORK + INSTALL(...DONE) + NETWORK]);
    expect(stages.slice(stages.indexOf('install'))).toEqual(['install', 'reboot', 'dhcp', 'ipxe', 'kernel']);
  });

  test('a node whose firmware is not seen is on its disk when a kernel starts; names of files start none', () => {
    const stages = new BootStages();
    stages.feed(NETWORK + INSTALL(...DONE));
    expect(stages.feed('flatcar_production_pxe.vmlinuz\r\nrunning in system mode\r\n')).toEqual([]);
    expect(stages.feed('Linux version 6.1\r\n')).toEqual(['disk']);
    expect(stages.feed('Linux version 6.1\r\nSuccess! X is installed on /dev/vda\r\n')).toEqual([]);
    expect(stages.feed('SeaBIOS\r\n')).toEqual(['firmware']);
    expect(stages.restarts).toBe(1);
  });

  test('Flatcar’s installer says that it is done in its own words', () => {
    const flatcar =
      'install[9]: flatcar-install\r\nSuccess! Flatcar Container Linux 3510.2 is installed on /dev/sda\r\n';
    expect(stagesOf([`${NETWORK}Linux version 6\n${flatcar}SeaBIOS\nLinux version 6\n`])).toEqual([
      ...(['firmware', 'dhcp', 'ipxe', 'kernel', 'install', 'reboot', 'disk'] as const),
    ]);
  });

  test('the installer that is tried by hand on a system from disk is no stage', () => {
    const stages = new BootStages();
    stages.feed(FROM_DISK);
    expect(stages.feed('$ sudo flatcar-install\r\nlabos: install: FAILED: the Lab OS runs from /dev/vda\r\n')).toEqual(
      [],
    );
    expect(stages.installs).toBe(false);
  });

  test('ssh and etcd are told in either order, once; nothing goes back', () => {
    const first = new BootStages();
    first.feed(NETWORK + INSTALL(...DONE) + AS_NODE.slice(0, AS_NODE.indexOf('lab: etcd: member')));
    expect([first.reach('ssh'), first.stage]).toEqual([true, 'ssh']);
    expect(first.feed('lab: etcd: member core-01 of 3\r\n')).toEqual(['etcd']);
    expect([first.reach('ssh'), first.stage]).toEqual([false, 'etcd']);
    const second = new BootStages();
    second.feed(NODE.slice(0, NODE.indexOf('lab: etcd: member')));
    expect([second.reach('running'), second.stage]).toEqual([true, 'running']);
    expect([second.reach('ssh'), second.reach('ssh'), second.stage]).toEqual([true, false, 'running']);
    expect(second.feed('lab: etcd: member core-01 of 3\r\nlab: boot complete\r\n')).toEqual(['etcd']);
    expect([second.reach('ignition'), second.stage]).toEqual([false, 'running']);
  });

  test('a system in memory is known as one, until the disk is booted', () => {
    const stages = new BootStages();
    const seen = [
      NETWORK,
      INSTALL(),
      ...INSTALL(...DONE)
        .slice(INSTALL().length)
        .split(/(?<=\n)/),
      AS_NODE,
    ].map((text) => {
      stages.feed(text);
      return stages.inMemory;
    });
    expect(seen).toEqual([...Array(seen.length - 1).fill(true), false]);
    stages.feed(FROM_DISK);
    expect([stages.inMemory, stages.installs]).toEqual([false, false]);
  });

  test.each([
    ['from the disk', FROM_DISK],
    ['of a node', NODE],
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
