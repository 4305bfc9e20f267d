import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createExec } from '../../../src/engine/exec-process.js';
import { createSwitchClient, type SwitchClient } from '../../../src/engine/network/switch-client.js';
import { until } from './peer.js';
import { Station } from './station.js';
import { buildSwitch } from './switch-script.js';

export const PROVISIONER = { mac: '08:00:27:8e:15:01', ip: '192.168.2.2' };
export const NODE = { mac: '08:00:27:8e:15:8a', serial: '0800278e158a-0' };
export const ROGUE = { mac: '52:54:00:66:66:66', ip: '192.168.2.66' };

/** What Mayu serves, and a few things more, so that one boot shows every protocol. Nothing it sends is an image: iPXE boots nothing in the end. */
const SCRIPT = `#!ipxe
dhcp
imgfetch tftp://192.168.2.2/greeting.txt ||
imgfetch tftp://192.168.2.2/missing.txt ||
imgfetch http://boot.lab:4081/greeting ||
imgfetch http://192.168.2.2:4081/images/vmlinuz ||
imgfetch http://192.168.2.2:4081/images/initrd.cpio.gz ||
imgfetch http://192.168.2.2:4081/images/missing ||
imgfetch http://192.168.2.2:4081/ignition?uuid=\${uuid}&serial=\${serial} ||
imgfetch http://192.168.2.2:4082/nobody ||
echo SCENE DONE
`;

const server = (kernel: number, initrd: number) => `
import { createServer } from 'node:http';
const files = new Map([
  ['/ipxebootscript', ${JSON.stringify(SCRIPT)}],
  ['/greeting', 'hello'],
  ['/images/vmlinuz', Buffer.alloc(${kernel}, 1)],
  ['/images/initrd.cpio.gz', Buffer.alloc(${initrd}, 2)],
  ['/ignition', JSON.stringify({ ignition: { version: '3.0.0' } })],
]);
createServer((request, response) => {
  const body = files.get(new URL(request.url, 'http://x').pathname);
  if (body === undefined) return response.writeHead(404).end('not here');
  response.writeHead(200, { 'content-length': Buffer.byteLength(body) }).end(body);
}).listen(4081, '192.168.2.2');
`;

export interface SceneOptions {
  directory: string;
  kernel: number;
  initrd: number;
  /** A second DHCP server that offers other addresses; the right one is slow, so that its answers come first. */
  rogue?: boolean;
  seconds?: number;
}

/** A real iPXE in QEMU boots from a real dnsmasq and an HTTP server through the lab's switch, which records it. Resolves with the capture. */
export async function recordBoot(options: SceneOptions): Promise<{ pcap: string; console: string }> {
  const { directory } = options;
  const pcap = join(directory, 'wire.pcap');
  const console = join(directory, 'console.log');
  const exec = createExec({ emit: () => {} });
  const stations: Station[] = [];
  let client: SwitchClient | undefined;
  let node: ChildProcess | undefined;
  try {
    stations.push(await provisioner(options));
    if (options.rogue) stations.push(await rogue(directory));
    client = createSwitchClient({
      exec,
      script: await buildSwitch(directory),
      runtimeDirectory: directory,
      pcapFile: pcap,
    });
    for (const station of stations) await plug(client, station);
    const socket = join(directory, 'node.sock');
    node = spawn('qemu-system-x86_64', nodeArgs(socket, console), { stdio: 'ignore' });
    await until('the node listens', () => existsSync(socket));
    await client.add({ name: 'node', path: socket });
    await until(
      'iPXE went through its script',
      () =>
        existsSync(console) &&
        /SCENE DONE|No more network devices|Nothing to boot/.test(readFileSync(console, 'latin1')),
      (options.seconds ?? 120) * 1000,
    );
    await client.flush();
    return { pcap, console: readFileSync(console, 'latin1') };
  } finally {
    node?.kill('SIGKILL');
    await client?.stop();
    for (const station of stations) await station.stop();
  }
}

/** Connects a station with the switch, then lets it begin. */
export async function plug(client: SwitchClient, station: Station): Promise<void> {
  const { name } = station.options;
  await client.add({ name, path: station.socket });
  await until(`the switch is connected to ${name}`, async () => {
    const ports = (await client.statistics())?.ports ?? [];
    return ports.some((port) => port.name === name && port.connected);
  });
  await station.go();
}

function provisioner({ directory, kernel, initrd, rogue }: SceneOptions): Promise<Station> {
  mkdirSync(join(directory, 'tftp'));
  writeFileSync(join(directory, 'tftp', 'greeting.txt'), 'hello '.repeat(1000));
  return Station.start({
    directory,
    name: 'provisioner',
    ...PROVISIONER,
    dnsmasq: [
      'dhcp-range=192.168.2.10,192.168.2.20,1m',
      'dhcp-match=set:ipxe,175',
      'dhcp-boot=tag:ipxe,http://192.168.2.2:4081/ipxebootscript',
      'dhcp-boot=tag:!ipxe,undionly.kpxe',
      'dhcp-option=option:dns-server,192.168.2.2',
      'address=/boot.lab/192.168.2.2',
      'enable-tftp',
      `tftp-root=${directory}/tftp`,
      ...(rogue ? ['dhcp-reply-delay=1'] : []),
    ],
    program: server(kernel, initrd),
  });
}

function rogue(directory: string): Promise<Station> {
  return Station.start({
    directory,
    name: 'rogue',
    ...ROGUE,
    dnsmasq: ['dhcp-range=192.168.2.150,192.168.2.160,1h', 'dhcp-boot=pxelinux.0', 'dhcp-authoritative'],
  });
}

function nodeArgs(socket: string, console: string): string[] {
  return [
    ['-nodefaults', '-no-user-config', '-machine', 'pc,graphics=off', '-m', '256M', '-display', 'none'],
    ['-smbios', `type=1,serial=${NODE.serial},uuid=11111111-2222-3333-4444-0800278e158a`],
    ['-boot', 'order=n', '-serial', `file:${console}`],
    ['-netdev', `stream,id=n,server=on,addr.type=unix,addr.path=${socket}`],
    ['-device', `virtio-net-pci,netdev=n,mac=${NODE.mac}`],
  ].flat();
}
