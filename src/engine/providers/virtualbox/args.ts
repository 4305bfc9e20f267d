import type { MachineSpec } from '../provider.js';
import type { VBoxMachinePaths } from './paths.js';
import { type VBoxVersion, versionArgs } from './version.js';

/** UDP ports on 127.0.0.1 that carry the private card's frames: VirtualBox's end and the switch's. */
export interface Tunnel {
  machine: number;
  switch: number;
}

/** How the private cards of all machines are connected. */
export type PrivateLink = { mode: 'tunnel' } | { mode: 'host-only'; interface: string; option: 'adapter' | 'net' };

export const CONTROLLER = 'disks';
const FORWARD = 'ssh';
/** The only ones that VirtualBox's network boot can drive are this and Am79C973. */
const CARD = '82540EM';

/** Number of the private network card. A node boots from its first card; the provisioner's first card is the way to the world. */
export function privateCard(spec: Pick<MachineSpec, 'role'>): number {
  return spec.role === 'provisioner' ? 2 : 1;
}

function uplinkCard(spec: MachineSpec): number | undefined {
  return spec.uplink === undefined ? undefined : 1;
}

export function machineName(lab: string, machine: string): string {
  return `${lab}-${machine}`;
}

export function createArgs(name: string, uuid: string, directory: string): string[] {
  return ['createvm', '--name', name, '--uuid', uuid, '--ostype', 'Linux_64', '--basefolder', directory, '--register'];
}

/** Everything that can only be changed while the machine is off. Names are spelt as 6.1 and 7.2 both understand them. */
export function settingsArgs(
  machine: string,
  spec: MachineSpec,
  options: { version: VBoxVersion; paths: VBoxMachinePaths; link: PrivateLink },
): string[] {
  const boot = [0, 1, 2, 3].flatMap((index) => [`--boot${index + 1}`, spec.bootOrder[index] ?? 'none']);
  return [
    ['modifyvm', machine],
    ['--memory', String(spec.memoryMiB), '--cpus', String(spec.cpus), '--vram', '16'],
    [
      '--firmware',
      'bios',
      '--chipset',
      'piix3',
      '--ioapic',
      'on',
      '--rtcuseutc',
      'on',
      '--graphicscontroller',
      'vboxvga',
    ],
    ['--hardwareuuid', spec.uuid],
    boot,
    ['--biosbootmenu', 'disabled', '--bioslogodisplaytime', '0', '--bioslogofadein', 'off', '--bioslogofadeout', 'off'],
    ['--uart1', '0x3F8', '4', '--uartmode1', 'server', options.paths.uart],
    // iPXE spins while it waits: nodes that boot from the network must not take the processor from the provisioner.
    ['--vm-process-priority', spec.role === 'node' ? 'low' : 'default'],
    uplinkArgs(spec),
    privateArgs(spec, options.link),
    versionArgs(options.version, uplinkCard(spec)),
  ].flat();
}

function cardArgs(card: number, mac: string): string[] {
  const address = mac.replaceAll(':', '').toUpperCase();
  return [`--nictype${card}`, CARD, `--macaddress${card}`, address, `--cableconnected${card}`, 'on'];
}

function uplinkArgs(spec: MachineSpec): string[] {
  const card = uplinkCard(spec);
  if (card === undefined || spec.uplink === undefined) return [];
  return [`--nic${card}`, 'nat', ...cardArgs(card, spec.uplink.mac)];
}

function privateArgs(spec: MachineSpec, link: PrivateLink): string[] {
  const card = privateCard(spec);
  const attachment =
    link.mode === 'tunnel'
      ? [`--nic${card}`, 'generic', `--nicgenericdrv${card}`, 'UDPTunnel']
      : link.option === 'net'
        ? [`--nic${card}`, 'hostonlynet', `--host-only-net${card}`, link.interface]
        : [`--nic${card}`, 'hostonly', `--hostonlyadapter${card}`, link.interface];
  return [...attachment, ...cardArgs(card, spec.privateNic.mac)];
}

/** What is chosen anew for each start, also of a machine whose memory was saved. */
export function wiringArgs(
  machine: string,
  spec: MachineSpec,
  options: {
    /** undefined where the private network is not a tunnel. */
    tunnel: Tunnel | undefined;
    /** Port of the forward that the machine has now. */
    forwarded: number | undefined;
    /** File that the private card's frames are recorded in, where the switch does not do that. */
    trace: string | undefined;
  },
): string[] {
  const card = privateCard(spec);
  const args = ['modifyvm', machine];
  if (options.tunnel !== undefined) {
    const { machine: own, switch: other } = options.tunnel;
    for (const property of ['dest=127.0.0.1', `sport=${own}`, `dport=${other}`])
      args.push(`--nicproperty${card}`, property);
  }
  if (options.trace !== undefined) args.push(`--nictrace${card}`, 'on', `--nictracefile${card}`, options.trace);
  const port = spec.uplink?.sshPort;
  if (port !== undefined && port !== options.forwarded) {
    const flag = `--natpf${uplinkCard(spec)}`;
    if (options.forwarded !== undefined) args.push(flag, 'delete', FORWARD);
    args.push(flag, `${FORWARD},tcp,127.0.0.1,${port},,22`);
  }
  return args;
}

/** A number made of digits alone would be taken for one and then not be found as text. */
export function serialArgs(machine: string, serial: string): string[] {
  return ['setextradata', machine, 'VBoxInternal/Devices/pcbios/0/Config/DmiSystemSerial', `string:${serial}`];
}

export function controllerArgs(machine: string): string[] {
  const kind = ['--add', 'sata', '--controller', 'IntelAhci', '--portcount', '2', '--bootable', 'on'];
  return ['storagectl', machine, '--name', CONTROLLER, ...kind];
}

export function attachArgs(machine: string, port: number, type: 'hdd' | 'dvddrive', file: string): string[] {
  return [
    ...['storageattach', machine, '--storagectl', CONTROLLER, '--port', String(port), '--device', '0'],
    ...['--type', type, '--medium', file],
  ];
}

/** A new disk at `file`: blank, or one that holds only what differs from `base`. */
export function diskArgs(file: string, disk: { base?: string; sizeGiB: number }): string[] {
  const kind =
    disk.base === undefined ? ['--size', String(disk.sizeGiB * 1024), '--format', 'VDI'] : ['--diffparent', disk.base];
  return ['createmedium', 'disk', '--filename', file, ...kind];
}
