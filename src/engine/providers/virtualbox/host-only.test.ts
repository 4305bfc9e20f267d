import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowedRanges, ensureHostOnly, type HostOnlyOptions, hostOnlyProblems } from './host-only.js';
import { type PlannedRun, recordedExec } from './test-support.js';
import { createVBoxManage } from './vboxmanage.js';

const HOST: HostOnlyOptions['host'] = { platform: 'linux', networkDriver: async () => 'loaded' };

let directory: string;
let networksFile: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lab-hostonly-'));
  networksFile = join(directory, 'networks.conf');
  writeFileSync(networksFile, '# ours\n* 10.0.0.0/8 192.168.0.0/16\n* 2001::/64\n');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function ensure(calls: PlannedRun[], options: Partial<HostOnlyOptions> = {}) {
  const exec = recordedExec(calls);
  const link = await ensureHostOnly({
    vbox: createVBoxManage({ exec, labDirectory: directory }),
    host: HOST,
    version: { text: '7.2.22', major: 7, minor: 2 },
    lab: 'default',
    cidr: '192.168.2.0/24',
    networksFile,
    ...options,
  });
  exec.verify();
  return link;
}

const INTERFACE = `Name:            vboxnet1
GUID:            786f6276-656e-4174-8000-0a0027000001
DHCP:            Disabled
IPAddress:       192.168.2.1
NetworkMask:     255.255.255.0
VBoxNetworkName: HostInterfaceNetworking-vboxnet1
`;
const NO_SERVER: PlannedRun = { args: 'list dhcpservers', answer: 'list-dhcpservers' };

it('takes the interface that has an address of the network', async () => {
  expect(await ensure([{ args: 'list hostonlyifs', answer: { stdout: INTERFACE } }, NO_SERVER])).toEqual({
    mode: 'host-only',
    interface: 'vboxnet1',
    option: 'adapter',
  });
});

it('makes one with the first address of the network, and switches its DHCP server off', async () => {
  const link = await ensure([
    { args: 'list hostonlyifs', answer: 'list-hostonlyifs' },
    {
      args: 'hostonlyif create',
      answer: { stdout: "Interface 'vboxnet0' was successfully created\n", stderr: '0%...10%...100%\n' },
    },
    { args: 'hostonlyif ipconfig vboxnet0 --ip 192.168.2.1 --netmask 255.255.255.0' },
    { args: 'list dhcpservers', answer: 'list-dhcpservers-some' },
    {
      args: 'dhcpserver modify --netname HostInterfaceNetworking-vboxnet0 --disable',
      answer: 'dhcpserver-modify-disable',
    },
  ]);
  expect(link).toMatchObject({ interface: 'vboxnet0' });
});

it('says what is missing where the driver for such networks is not loaded', async () => {
  const calls = [
    { args: 'list hostonlyifs', answer: 'list-hostonlyifs' },
    { args: 'hostonlyif create', answer: 'hostonlyif-create' },
  ];
  await expect(ensure(calls)).rejects.toMatchObject({
    code: 'HOSTONLY_DRIVER',
    remedy: expect.arrayContaining([expect.stringContaining('modprobe vboxnetadp')]),
  });
});

it('asks for the line that allows the range, before VirtualBox refuses it', async () => {
  writeFileSync(networksFile, '* 10.0.0.0/8\n');
  await expect(ensure([])).rejects.toMatchObject({
    code: 'HOSTONLY_RANGE',
    message: 'VirtualBox does not allow a host-only network 192.168.2.0/24: allowed are 10.0.0.0/8.',
    remedy: [`Allow it by a line in ${networksFile}: * 192.168.2.0/24`, expect.any(String)],
  });
  await expect(ensure([], { networksFile: join(directory, 'none') })).rejects.toMatchObject({
    message: expect.stringContaining('192.168.56.0/21'),
  });
  const own = { networksFile: join(directory, 'none'), cidr: '192.168.57.0/24' };
  const stdout = INTERFACE.replace('192.168.2.1', '192.168.57.1');
  expect(await ensure([{ args: 'list hostonlyifs', answer: { stdout } }, NO_SERVER], own)).toMatchObject({
    interface: 'vboxnet1',
  });
});

it('does not care for the file on Windows', async () => {
  const calls = [{ args: 'list hostonlyifs', answer: { stdout: INTERFACE } }, NO_SERVER];
  await ensure(calls, { networksFile: join(directory, 'none'), host: { ...HOST, platform: 'win32' } });
});

it('takes a network of the system on macOS', async () => {
  const mac = { host: { ...HOST, platform: 'darwin' as const } };
  const expected = { mode: 'host-only', interface: 'coreos-lab-default', option: 'net' };
  const add =
    'hostonlynet add --name coreos-lab-default --netmask 255.255.255.0 --lower-ip 192.168.2.254 --upper-ip 192.168.2.254 --enable';
  expect(await ensure([{ args: 'list hostonlynets' }, { args: add }], mac)).toEqual(expected);
  const stdout = 'Name:            coreos-lab-default\nState:           Enabled\n';
  expect(await ensure([{ args: 'list hostonlynets', answer: { stdout } }], mac)).toEqual(expected);
});

describe('the doctor', () => {
  async function problems(calls: PlannedRun[], options: Partial<HostOnlyOptions> = {}) {
    const exec = recordedExec(calls);
    const vbox = createVBoxManage({ exec, labDirectory: directory });
    const found = await hostOnlyProblems({ vbox, host: HOST, cidr: '192.168.2.0/24', networksFile, ...options });
    exec.verify();
    return found;
  }
  const FOUND: PlannedRun = { args: 'list hostonlyifs', answer: { stdout: INTERFACE } };
  const server = (enabled: string): PlannedRun => ({
    args: 'list dhcpservers',
    answer: { stdout: `NetworkName:    HostInterfaceNetworking-vboxnet1\nEnabled:        ${enabled}\n` },
  });

  it('has nothing to say where all is well, or nothing is there yet', async () => {
    expect(await problems([FOUND, server('No')])).toEqual([]);
    expect(await problems([{ args: 'list hostonlyifs' }, server('Yes')])).toEqual([]);
  });

  it.each<[string, Partial<HostOnlyOptions>, PlannedRun, string, RegExp]>([
    [
      'a missing driver',
      { host: { ...HOST, networkDriver: async () => 'missing' } },
      server('No'),
      'HOSTONLY_DRIVER',
      /modprobe vboxnetadp/,
    ],
    ['a range that is not allowed', { cidr: '172.16.2.0/24' }, server('No'), 'HOSTONLY_RANGE', /\* 172\.16\.2\.0\/24/],
    [
      'a second DHCP server',
      {},
      server('Yes'),
      'HOSTONLY_DHCP',
      /dhcpserver modify --netname HostInterfaceNetworking-vboxnet1 --disable/,
    ],
  ])('names %s', async (_title, options, dhcp, code, remedy) => {
    const found = await problems([FOUND, dhcp], options);
    expect(found).toEqual([expect.objectContaining({ code })]);
    expect(found[0]?.remedy.join('\n')).toMatch(remedy);
  });
});

it('reads ranges out of networks.conf', () => {
  expect(allowedRanges('* 10.0.0.0/8 192.168.0.0/16\n* 2001::/64\n#* 1.0.0.0/8\n')).toEqual([
    '10.0.0.0/8',
    '192.168.0.0/16',
  ]);
});
