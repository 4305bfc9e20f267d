import type { MachineSpec } from '../provider.js';
import type { MachinePaths } from './paths.js';

export type Accelerator = 'kvm' | 'hvf' | 'tcg';

export interface QemuArgsOptions {
  paths: MachinePaths;
  accelerator: Accelerator;
  /** Do not run the virtual CPU yet: a savepoint is loaded first. */
  paused?: boolean;
}

/** Net device ids, used by QMP's set_link too. */
export const PRIVATE_NIC = 'private';
const UPLINK_NIC = 'uplink';
/** Milliseconds. */
const RETRY_BOOT = 5000;

/** Arguments of qemu-img for a new disk at `file`, copy-on-write over `base` if there is one. */
export function diskArgs(disk: { base?: string }, file: string, bytes: number): string[] {
  const base = disk.base === undefined ? [] : ['-b', disk.base, '-F', 'qcow2'];
  return ['create', '-q', '-f', 'qcow2', ...base, file, String(bytes)];
}

/** Arguments of qemu-system-x86_64. Pure: everything that depends on the host comes in as a parameter. */
export function qemuArgs(spec: MachineSpec, options: QemuArgsOptions): string[] {
  const { paths } = options;
  return [
    ['-name', spec.name],
    ['-nodefaults'],
    ['-no-user-config'],
    // graphics=off sends firmware and iPXE to the serial console; the VGA card is still there for screenshots.
    ['-machine', 'pc,graphics=off'],
    acceleratorArgs(options.accelerator),
    ['-m', `${spec.memoryMiB}M`],
    ['-smp', String(spec.cpus)],
    ['-uuid', spec.uuid],
    ['-smbios', `type=1,serial=${value(spec.serial)},uuid=${spec.uuid}`],
    ['-boot', bootArgs(spec)],
    ['-drive', `file=${value(paths.disk)},format=qcow2,if=virtio,discard=unmap`],
    ignitionArgs(spec.ignitionFile),
    uplinkArgs(spec.uplink),
    privateArgs(spec, paths),
    ['-device', 'virtio-rng-pci'],
    ['-display', 'none'],
    ['-vga', 'std'],
    ['-chardev', `socket,id=console,path=${value(paths.serial)},server=on,wait=off,${logTo(paths.console)}`],
    ['-serial', 'chardev:console'],
    ['-qmp', `unix:${value(paths.qmp)},server=on,wait=off`],
    ['-qmp', `unix:${value(paths.monitor)},server=on,wait=off`],
    ['-pidfile', paths.pid],
    options.paused ? ['-S'] : [],
    ['-daemonize'],
  ].flat();
}

function acceleratorArgs(accelerator: Accelerator): string[] {
  // Without tb-size the translation cache of a small guest grows beyond the guest itself.
  if (accelerator === 'tcg') return ['-accel', 'tcg,tb-size=128', '-cpu', 'max'];
  return ['-accel', accelerator, '-cpu', 'host'];
}

/** A machine that found nothing to boot, because nobody answered on the network in time, tries again instead of stopping for good. */
function bootArgs({ bootOrder }: MachineSpec): string {
  const order = bootOrder.map((device) => (device === 'disk' ? 'c' : 'n')).join('');
  return `order=${order},reboot-timeout=${RETRY_BOOT}`;
}

/** Flatcar's Ignition and Debian's read different keys. */
function ignitionArgs(file: string | undefined): string[] {
  if (file === undefined) return [];
  return ['opt/org.flatcar-linux/config', 'opt/com.coreos/config'].flatMap((key) => [
    '-fw_cfg',
    `name=${key},file=${value(file)}`,
  ]);
}

/** User-mode NAT; it must never answer a PXE boot, hence no ROM. */
function uplinkArgs(uplink: MachineSpec['uplink']): string[] {
  if (uplink === undefined) return [];
  return [
    '-netdev',
    `user,id=${UPLINK_NIC},restrict=off,hostfwd=tcp:127.0.0.1:${uplink.sshPort}-:22`,
    '-device',
    `virtio-net-pci,netdev=${UPLINK_NIC},mac=${uplink.mac},romfile=`,
  ];
}

/** QEMU listens and the switch dials, so that the switch may die and come back. Only nodes boot from the network. */
function privateArgs(spec: MachineSpec, paths: MachinePaths): string[] {
  const rom = spec.role === 'node' ? '' : ',romfile=';
  return [
    '-netdev',
    `stream,id=${PRIVATE_NIC},server=on,addr.type=unix,addr.path=${value(paths.wire)}`,
    '-device',
    `virtio-net-pci,netdev=${PRIVATE_NIC},mac=${spec.privateNic.mac}${rom}`,
  ];
}

function logTo(file: string): string {
  return `logfile=${value(file)},logappend=on`;
}

/** QEMU's option lists end a value at a comma unless it is doubled. */
function value(text: string): string {
  return text.replaceAll(',', ',,');
}
