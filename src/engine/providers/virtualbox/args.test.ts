import { describe, expect, it } from 'vitest';
import type { MachineSpec } from '../provider.js';
import { attachArgs, createArgs, diskArgs, serialArgs, settingsArgs, wiringArgs } from './args.js';
import { configDrive } from './config-drive.js';
import { nativeLines } from './native.js';
import { vboxPaths } from './paths.js';

const provisioner: MachineSpec = {
  name: 'core-provisioner',
  role: 'provisioner',
  memoryMiB: 1024,
  cpus: 2,
  disk: { base: '/cache/labos/disk.img', sizeGiB: 8 },
  privateNic: { mac: '08:00:27:8e:15:01' },
  uplink: { mac: '52:54:00:8e:15:01', sshPort: 2222 },
  serial: '0800278e1501-0',
  uuid: '11111111-2222-3333-4444-555555555555',
  ignitionFile: '/lab/ignition/core-provisioner.ign',
  bootOrder: ['disk', 'net'],
};
const { uplink: _uplink, ignitionFile: _file, ...rest } = provisioner;
const node: MachineSpec = {
  ...rest,
  name: 'core-01',
  role: 'node',
  disk: { sizeGiB: 8 },
  privateNic: { mac: '08:00:27:8e:15:8a' },
};
const version = { text: '7.2.22', major: 7, minor: 2 };
const paths = (name: string) => vboxPaths('/lab', '/run/lab', name);
const line = (args: string[]) => args.join(' ');

describe('what VBoxManage is called with', () => {
  it('gives a node one card that its firmware can boot from, and the disk before the network', () => {
    const text = line(settingsArgs('U', node, { version, paths: paths('core-01'), link: { mode: 'tunnel' } }));
    expect(text).toMatch(/^modifyvm U --memory 1024 --cpus 2 /);
    expect(text).toContain('--firmware bios --chipset piix3');
    expect(text).toContain('--boot1 disk --boot2 net --boot3 none --boot4 none');
    expect(text).toContain('--nic1 generic --nicgenericdrv1 UDPTunnel --nictype1 82540EM --macaddress1 0800278E158A');
    expect(text).toContain('--uart1 0x3F8 4 --uartmode1 server /run/lab/core-01.uart');
    expect(text).toContain('--vm-process-priority low');
    expect(text).not.toContain('nic2');
  });

  it('gives the provisioner a way to the world first, and the private card second', () => {
    const text = line(
      settingsArgs('U', provisioner, { version, paths: paths('core-provisioner'), link: { mode: 'tunnel' } }),
    );
    expect(text).toContain('--nic1 nat --nictype1 82540EM --macaddress1 5254008E1501');
    expect(text).toContain('--nic2 generic');
    expect(text).toContain('--nat-localhostreachable1 on');
  });

  it.each([
    ['6.1', '--audio none'],
    ['7.0', '--audio-driver none --nat-localhostreachable1 on'],
    ['7.1', '--audio-driver none --nat-localhostreachable1 on'],
    ['7.2', '--audio-driver none --system-uuid-le off --nat-localhostreachable1 on'],
    ['8.0', '--audio-driver none --system-uuid-le off --nat-localhostreachable1 on'],
  ])('differs for %s by nothing but %s', (text, own) => {
    const [major = 0, minor = 0] = text.split('.').map(Number);
    const settings = (of: typeof version) =>
      line(settingsArgs('U', provisioner, { version: of, paths: paths('core-provisioner'), link: { mode: 'tunnel' } }));
    const newest = settings(version);
    expect(settings({ text, major, minor })).toBe(newest.replace(/--audio-driver .*$/, own));
  });

  it('connects to a host-only network of either kind', () => {
    const settings = (option: 'adapter' | 'net') =>
      line(
        settingsArgs('U', node, {
          version,
          paths: paths('core-01'),
          link: { mode: 'host-only', interface: 'net0', option },
        }),
      );
    expect(settings('adapter')).toContain('--nic1 hostonly --hostonlyadapter1 net0');
    expect(settings('net')).toContain('--nic1 hostonlynet --host-only-net1 net0');
  });

  it('chooses tunnel and forward anew for each start', () => {
    const options = { tunnel: { machine: 10001, switch: 10002 }, forwarded: undefined, trace: undefined };
    expect(line(wiringArgs('U', provisioner, options))).toBe(
      'modifyvm U --nicproperty2 dest=127.0.0.1 --nicproperty2 sport=10001 --nicproperty2 dport=10002 ' +
        '--natpf1 ssh,tcp,127.0.0.1,2222,,22',
    );
    expect(line(wiringArgs('U', provisioner, { ...options, forwarded: 2200 }))).toContain(
      '--natpf1 delete ssh --natpf1 ssh,tcp,127.0.0.1,2222,,22',
    );
    expect(line(wiringArgs('U', provisioner, { ...options, forwarded: 2222 }))).not.toContain('natpf');
    expect(line(wiringArgs('U', node, { ...options, tunnel: undefined, trace: '/lab/wire.pcap' }))).toBe(
      'modifyvm U --nictrace1 on --nictracefile1 /lab/wire.pcap',
    );
  });

  it('makes disks, blank ones and ones on top of an image, and marks a serial number as text', () => {
    expect(line(diskArgs('/d.vdi', { sizeGiB: 8 }))).toBe(
      'createmedium disk --filename /d.vdi --size 8192 --format VDI',
    );
    expect(line(diskArgs('/d.vdi', { sizeGiB: 8, base: '/b.vdi' }))).toBe(
      'createmedium disk --filename /d.vdi --diffparent /b.vdi',
    );
    expect(serialArgs('U', '123').at(-1)).toBe('string:123');
    expect(line(createArgs('lab-m1', 'U', '/lab/x'))).toContain('--basefolder /lab/x --register');
    expect(line(attachArgs('U', 1, 'dvddrive', '/c.viso'))).toContain('--port 1 --device 0 --type dvddrive');
  });

  it('shows lines that can be pasted', () => {
    const facts = { program: 'VBoxManage', name: 'lab-core-provisioner', uuid: provisioner.uuid, version };
    const all = {
      ...facts,
      paths: vboxPaths('/my lab', '/run/lab', 'core-provisioner'),
      link: { mode: 'tunnel' as const },
    };
    const lines = nativeLines('create', provisioner, { ...all, tunnel: undefined });
    expect(lines[0]).toMatch(/^VBoxManage createvm --name lab-core-provisioner .*'\/my lab\/machines/);
    expect(lines.some((each) => each.includes('disk.8GiB.vdi'))).toBe(true);
    expect(lines.some((each) => each.includes('config.viso'))).toBe(true);
    expect(nativeLines('start', provisioner, { ...all, tunnel: undefined }).at(-1)).toBe(
      'VBoxManage startvm lab-core-provisioner --type headless',
    );
  });
});

it('describes a config drive that VirtualBox makes up', () => {
  const [marker, label, file] = configDrive("/lab's/ignition.ign").split('\n');
  expect(marker).toMatch(/^--iprt-iso-maker-file-marker-bourne-sh [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(label).toBe('--volume-id=config-2');
  expect(file).toBe("'/openstack/latest/user_data=/lab'\\''s/ignition.ign'");
});
