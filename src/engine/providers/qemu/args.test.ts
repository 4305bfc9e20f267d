import { describe, expect, it } from 'vitest';
import { checkSocketPaths } from '../common/socket-paths.js';
import type { MachineSpec } from '../provider.js';
import { diskArgs, qemuArgs } from './args.js';
import { nativeLines } from './native.js';
import { machinePaths, socketPaths } from './paths.js';

const node: MachineSpec = {
  name: 'core-01',
  role: 'node',
  memoryMiB: 768,
  cpus: 2,
  disk: { sizeGiB: 8 },
  privateNic: { mac: '08:00:27:8e:15:8a' },
  serial: '0800278e158a-0',
  uuid: '8d5b2b2e-0000-4000-8000-000000000001',
  bootOrder: ['disk', 'net'],
};
const provisioner: MachineSpec = {
  ...node,
  name: 'core-provisioner',
  role: 'provisioner',
  uplink: { mac: '52:54:00:00:00:01', sshPort: 2222 },
  ignitionFile: '/lab/a,b.ign',
};
const paths = machinePaths('/lab', '/run/lab', 'core-01');

/** Values of an option that may come several times. */
function values(args: string[], option: string): string[] {
  return args.flatMap((arg, index) => (arg === option ? [args[index + 1] as string] : []));
}

describe('qemuArgs', () => {
  it('gives a node a private card that boots from the network, and nothing else', () => {
    const args = qemuArgs(node, { paths, accelerator: 'tcg' });
    expect(values(args, '-netdev')).toEqual([
      'stream,id=private,server=on,addr.type=unix,addr.path=/run/lab/core-01.net',
    ]);
    expect(values(args, '-device')).toEqual(['virtio-net-pci,netdev=private,mac=08:00:27:8e:15:8a', 'virtio-rng-pci']);
    expect(values(args, '-boot')).toEqual(['order=cn,reboot-timeout=5000']);
    expect(values(args, '-smbios')).toEqual([`type=1,serial=0800278e158a-0,uuid=${node.uuid}`]);
    expect(values(args, '-fw_cfg')).toEqual([]);
    expect(values(args, '-m')).toEqual(['768M']);
    expect(values(args, '-smp')).toEqual(['2']);
  });

  it('gives the provisioner a forwarded loopback port, Ignition under both keys, and no network boot', () => {
    const args = qemuArgs(provisioner, { paths, accelerator: 'kvm' });
    expect(values(args, '-netdev')[0]).toBe('user,id=uplink,restrict=off,hostfwd=tcp:127.0.0.1:2222-:22');
    expect(values(args, '-device').filter((device) => device.startsWith('virtio-net'))).toEqual([
      'virtio-net-pci,netdev=uplink,mac=52:54:00:00:00:01,romfile=',
      'virtio-net-pci,netdev=private,mac=08:00:27:8e:15:8a,romfile=',
    ]);
    expect(values(args, '-fw_cfg')).toEqual([
      'name=opt/org.flatcar-linux/config,file=/lab/a,,b.ign',
      'name=opt/com.coreos/config,file=/lab/a,,b.ign',
    ]);
  });

  it('accelerates as told', () => {
    const accelerated = (accelerator: 'kvm' | 'hvf' | 'tcg') => {
      const args = qemuArgs(node, { paths, accelerator });
      return [values(args, '-accel')[0], values(args, '-cpu')[0]];
    };
    expect(accelerated('kvm')).toEqual(['kvm', 'host']);
    expect(accelerated('hvf')).toEqual(['hvf', 'host']);
    expect(accelerated('tcg')).toEqual(['tcg,tb-size=128', 'max']);
  });

  it('waits for a savepoint only when asked to', () => {
    expect(qemuArgs(node, { paths, accelerator: 'tcg' })).not.toContain('-S');
    expect(qemuArgs(node, { paths, accelerator: 'tcg', paused: true })).toContain('-S');
  });
});

describe('disks and lines', () => {
  it('puts a disk over its base', () => {
    expect(diskArgs({ base: '/cache/base.img' }, '/lab/d.qcow2', 1024)).toEqual([
      ...['create', '-q', '-f', 'qcow2', '-b', '/cache/base.img', '-F', 'qcow2', '/lab/d.qcow2', '1024'],
    ]);
    expect(diskArgs({}, '/lab/d.qcow2', 1024)).toEqual(['create', '-q', '-f', 'qcow2', '/lab/d.qcow2', '1024']);
  });

  it('shows what people can paste', () => {
    expect(nativeLines('shutdown', node, paths, 'tcg')).toEqual([
      `printf '%s\\n' '{"execute":"qmp_capabilities"}' '{"execute":"system_powerdown"}' | socat -t1 - UNIX-CONNECT:/run/lab/core-01.qmp`,
    ]);
    expect(nativeLines('create', node, paths, 'tcg')).toEqual([
      'qemu-img create -q -f qcow2 /lab/machines/core-01/disk.qcow2 8589934592',
    ]);
    expect(nativeLines('destroy', node, paths, 'tcg').at(-1)).toBe('rm -r /lab/machines/core-01');
    expect(nativeLines('start', node, paths, 'tcg')[0]).toMatch(/^qemu-system-x86_64 -name core-01 /);
  });
});

describe('machinePaths', () => {
  it('refuses names that are no names', () => {
    for (const name of ['', '.', '..', '../x', 'a/b', 'a b', '-a', 'a\0', 'a'.repeat(64)]) {
      expect(() => machinePaths('/lab', '/run', name)).toThrow('cannot be the name of a machine');
    }
  });

  it('says when a socket path is too long for the system', () => {
    const long = machinePaths('/lab', `/${'d'.repeat(110)}`, 'core-01');
    expect(() => checkSocketPaths(socketPaths(long))).toThrow(
      expect.objectContaining({ code: 'SOCKET_PATH_TOO_LONG' }),
    );
    expect(() => checkSocketPaths(socketPaths(paths))).not.toThrow();
  });
});
