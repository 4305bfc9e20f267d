import { readFile } from 'node:fs/promises';
import { hostRange, ipv4 } from '../../config/ipv4.js';
import { LabError } from '../../errors.js';
import type { ProviderReport } from '../provider.js';
import type { PrivateLink } from './args.js';
import type { VirtualBoxHost } from './host.js';
import { parseBlocks } from './parse.js';
import type { VBoxManage } from './vboxmanage.js';
import { isAtLeast, type VBoxVersion } from './version.js';

export interface HostOnlyOptions {
  vbox: VBoxManage;
  host: Pick<VirtualBoxHost, 'platform' | 'networkDriver'>;
  version: VBoxVersion;
  lab: string;
  /** The private network, such as 192.168.2.0/24. */
  cidr: string;
  /** File that allows ranges of addresses; another one in tests. */
  networksFile?: string;
  signal?: AbortSignal | undefined;
}

const NETWORKS_FILE = '/etc/vbox/networks.conf';
/** What VirtualBox allows without that file. */
const ALWAYS_ALLOWED = '192.168.56.0/21';
const TUNNEL =
  'Or take the line virtualbox.network out of lab.yaml: the default, tunnel, needs neither driver nor permission.';

/** Finds or makes the host-only network with these addresses, and sees to it that VirtualBox gives none of them out. */
export async function ensureHostOnly(options: HostOnlyOptions): Promise<PrivateLink> {
  await checkRange(options);
  const isMac = options.host.platform === 'darwin' && isAtLeast(options.version, '7.0');
  if (isMac) return ensureNet(options);
  const name = (await findInterface(options)) ?? (await makeInterface(options));
  await silenceDhcp(options, `HostInterfaceNetworking-${name}`);
  return { mode: 'host-only', interface: name, option: 'adapter' };
}

type Problem = ProviderReport['problems'][number];

/** What would keep a host-only network from being made, and whose DHCP server is in its way; changes nothing. */
export async function hostOnlyProblems(options: Omit<HostOnlyOptions, 'lab' | 'version'>): Promise<Problem[]> {
  const { vbox, host, cidr, signal } = options;
  const range = await checkRange(options).then(
    () => [],
    ({ code, message, remedy }: LabError) => [{ code, message, remedy }],
  );
  const driver = (await host.networkDriver()) === 'missing' ? [NO_DRIVER] : [];
  const network = `HostInterfaceNetworking-${await findInterface({ vbox, cidr, signal })}`;
  const served = await isServed({ vbox, signal }, network);
  return [...range, ...driver, ...(served ? [dhcpClash(network)] : [])];
}

const NO_DRIVER: Problem = {
  code: 'HOSTONLY_DRIVER',
  message: "VirtualBox's driver for host-only networks is not loaded: there is no /dev/vboxnetctl.",
  remedy: ['Load it: sudo modprobe vboxnetadp', TUNNEL],
};

function dhcpClash(network: string): Problem {
  return {
    code: 'HOSTONLY_DHCP',
    message: `VirtualBox's own DHCP server answers on the lab's network (${network}), so nodes may get addresses from it and not from Mayu.`,
    remedy: [
      `It is switched off when a machine is created. To do it now: VBoxManage dhcpserver modify --netname ${network} --disable`,
    ],
  };
}

async function findInterface({
  vbox,
  cidr,
  signal,
}: Pick<HostOnlyOptions, 'vbox' | 'cidr' | 'signal'>): Promise<string | undefined> {
  const interfaces = parseBlocks(await vbox.call(['list', 'hostonlyifs'], { quiet: true, signal }), 'Name');
  const found = interfaces.find((each) => contains(cidr, each.get('IPAddress') ?? ''));
  return found?.get('Name');
}

async function makeInterface({ vbox, cidr, signal }: HostOnlyOptions): Promise<string> {
  const text = await vbox.call(['hostonlyif', 'create'], { signal });
  const name = /Interface '([^']+)' was successfully created/.exec(text)?.[1];
  if (name === undefined) {
    throw new LabError({
      code: 'HOSTONLY_MISSING',
      message: `VirtualBox made a host-only network and did not say its name: ${text.trim() || 'nothing'}.`,
      remedy: ['Make one in VirtualBox, with the address that the message of coreos-lab doctor names.'],
    });
  }
  const { address, mask } = hostAddress(cidr);
  await vbox.call(['hostonlyif', 'ipconfig', name, '--ip', address, '--netmask', mask], { signal });
  return name;
}

/** On macOS host-only networks belong to the system since 7.0, which has addresses of its own to give out. */
async function ensureNet({ vbox, cidr, lab, signal }: HostOnlyOptions): Promise<PrivateLink> {
  const name = `coreos-lab-${lab}`;
  const nets = parseBlocks(await vbox.call(['list', 'hostonlynets'], { quiet: true, signal }), 'Name');
  if (!nets.some((each) => each.get('Name') === name)) {
    const { mask, last } = hostAddress(cidr);
    // One address at the very end, so that it gives out as few as it can.
    const range = ['--netmask', mask, '--lower-ip', last, '--upper-ip', last, '--enable'];
    await vbox.call(['hostonlynet', 'add', '--name', name, ...range], { signal });
  }
  return { mode: 'host-only', interface: name, option: 'net' };
}

/** A second DHCP server would take the machines away from the provisioner's. */
async function silenceDhcp({ vbox, signal }: HostOnlyOptions, network: string): Promise<void> {
  if (!(await isServed({ vbox, signal }, network))) return;
  await vbox.call(['dhcpserver', 'modify', '--netname', network, '--disable'], { signal });
}

async function isServed({ vbox, signal }: Pick<HostOnlyOptions, 'vbox' | 'signal'>, network: string): Promise<boolean> {
  const servers = parseBlocks(await vbox.call(['list', 'dhcpservers'], { quiet: true, signal }), 'NetworkName');
  return servers.some((each) => each.get('NetworkName') === network && each.get('Enabled') === 'Yes');
}

/** Since 6.1.28 VirtualBox refuses other ranges on Linux and macOS unless they are allowed, in words that do not say how. */
async function checkRange({
  host,
  cidr,
  networksFile = NETWORKS_FILE,
}: Pick<HostOnlyOptions, 'host' | 'cidr' | 'networksFile'>): Promise<void> {
  if (host.platform === 'win32') return;
  const text = await readFile(networksFile, 'utf8').catch(() => undefined);
  const allowed = text === undefined ? [ALWAYS_ALLOWED] : allowedRanges(text);
  if (allowed.some((range) => covers(range, cidr))) return;
  throw new LabError({
    code: 'HOSTONLY_RANGE',
    message: `VirtualBox does not allow a host-only network ${cidr}: allowed are ${allowed.join(', ') || 'none'}.`,
    remedy: [`Allow it by a line in ${networksFile}: * ${cidr}`, TUNNEL],
    exitCode: 2,
  });
}

/** Lines such as `* 10.0.0.0/8 192.168.0.0/16`. An empty file allows nothing. */
export function allowedRanges(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('*'))
    .flatMap((line) => line.slice(1).trim().split(/\s+/))
    .filter((range) => /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(range));
}

function bounds(range: string): [first: number, last: number] {
  const [address = '', prefix = '32'] = range.split('/');
  const size = 2 ** (32 - Number(prefix));
  const first = Math.floor((ipv4(address) ?? 0) / size) * size;
  return [first, first + size - 1];
}

function covers(outer: string, inner: string): boolean {
  const [outerFirst, outerLast] = bounds(outer);
  const [first, last] = bounds(inner);
  return first >= outerFirst && last <= outerLast;
}

function contains(range: string, address: string): boolean {
  return ipv4(address) !== undefined && covers(range, `${address}/32`);
}

/** This computer takes the first address of the network, as the original did. */
function hostAddress(cidr: string): { address: string; mask: string; last: string } {
  const hosts = hostRange(cidr);
  const prefix = Number(cidr.split('/')[1]);
  return { address: quad(hosts?.first ?? 0), last: quad(hosts?.last ?? 0), mask: quad(2 ** 32 - 2 ** (32 - prefix)) };
}

function quad(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
