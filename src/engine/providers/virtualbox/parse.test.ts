import { describe, expect, it } from 'vitest';
import { supportsVirtualization } from './host.js';
import { errorLines, parseBlocks, parseForwardings, parseInfo, parseMachines, parseSnapshots } from './parse.js';
import { isLive, powerState } from './state.js';
import { allRecordings, fixture, recording } from './test-support.js';
import { isAtLeast, isNewerThan, parseVersion, versionArgs } from './version.js';

const out = (name: string) => recording(name).stdout;

describe('versions', () => {
  it('finds the version after a warning about the driver', () => {
    expect(parseVersion(out('version'))).toEqual({ text: '7.2.22', major: 7, minor: 2 });
    expect(parseVersion(out('version-wrapper'))?.text).toBe('7.2.22');
    expect(parseVersion('VBoxManage: error: no')).toBeUndefined();
  });

  it('knows which are older and which are newer than what the lab was tried with', () => {
    const of = (text: string) => parseVersion(text) as NonNullable<ReturnType<typeof parseVersion>>;
    expect(['6.0.24', '6.1.0', '7.0.1', '8.0.0'].map((text) => isAtLeast(of(text), '6.1'))).toEqual([
      false,
      true,
      true,
      true,
    ]);
    expect(['7.1.9', '7.2.30', '7.3.0', '8.0.0'].map((text) => isNewerThan(of(text), '7.2'))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('spells the options that differ as each version understands them', () => {
    const args = (text: string) =>
      versionArgs(parseVersion(text) as NonNullable<ReturnType<typeof parseVersion>>, 1).join(' ');
    expect(args('6.1.50')).toBe('--audio none');
    expect(args('7.0.20')).toBe('--audio-driver none --nat-localhostreachable1 on');
    expect(args('7.2.22')).toBe('--audio-driver none --system-uuid-le off --nat-localhostreachable1 on');
  });
});

describe('machines', () => {
  it('reads all of them from one call', () => {
    const machines = parseMachines(out('list-long-vms'));
    expect(machines.map(({ name, uuid }) => [name, uuid])).toEqual([
      ['rec1', '488fab4a-5941-4859-8d22-70e920f85dc8'],
      ['recd', 'e7f6b06b-bcc1-4fd2-8fbf-d7f9471e3bc7'],
      ['recu', '11111111-2222-3333-4444-555555555555'],
      ['recp', '460456ab-452a-4d79-8d1f-3ff1870ba737'],
      ['reca', '22d10ea8-96ed-4566-886f-eb58e3ab83c3'],
    ]);
    expect(machines[2]).toMatchObject({
      configFile: '/home/lab/vms/flock/recu/recu.vbox',
      state: 'powered off',
      since: '2026-11-22T07:09:54.037000000',
    });
    expect(parseMachines(out('list-long-vms-empty'))).toEqual([]);
  });

  it('is not fooled by what people write, nor by a machine whose files are gone', () => {
    const text = [
      'Name:                        mine',
      'UUID:                        aaaa',
      'Config file:                 /x/mine.vbox',
      'State:                       paused (since 2026-01-01T00:00:00.000000000)',
      "Name: 'share', Host path: '/x' (machine mapping), writable",
      'Description:',
      'UUID:                        bbbb',
      'State:                       running (since 2026-01-01T00:00:00.000000000)',
      '',
      'Name:                        <inaccessible!>',
      'UUID:                        cccc',
      'Config file:                 /x/gone.vbox',
      'Access error details:',
    ].join('\r\n');
    expect(parseMachines(text).map(({ uuid, state }) => [uuid, state])).toEqual([
      ['aaaa', 'paused'],
      ['cccc', undefined],
    ]);
  });

  it('puts the states of VirtualBox into words of the lab', () => {
    const words = ['powered off', 'saved', 'aborted', 'running', 'paused', 'starting', 'stopping', 'guru meditation'];
    expect(words.map(powerState)).toEqual([
      ...['poweroff', 'poweroff', 'aborted', 'running', 'paused', 'starting', 'stopping', 'aborted'],
    ]);
    expect(words.map(powerState).map(isLive)).toEqual([false, false, false, true, true, true, true, false]);
    expect(powerState('something new')).toBe('running');
  });
});

describe('machine-readable output', () => {
  it('reads quoted and plain keys, odd ones and escaped values', () => {
    const info = parseInfo(out('live-showvminfo'));
    expect(info.get('VMState')).toBe('running');
    expect(info.get('SATA-0-0')).toBe('/home/lab/vms/live.vdi');
    expect(info.get('memory')).toBe('64');
    expect(info.get('VRDEClients')).toBe('0');
    expect(info.get('LogFldr')).toBe('/home/lab/vms/live/Logs');
    expect(parseInfo('"a\\"b"="c\\"d\\\\"\r\nVideoMode="720,400,0"@0,0 1')).toEqual(
      new Map([
        ['a"b', 'c"d\\'],
        ['VideoMode', '"720,400,0"@0,0 1'],
      ]),
    );
  });

  it('tells which card a forward belongs to', () => {
    expect(parseForwardings(out('live-showvminfo'))).toEqual([{ name: 'ssh', hostPort: 22022, card: 1 }]);
    expect(
      parseForwardings(fixture('showvminfo-two-nat')).map(({ name, hostPort, card }) => [name, hostPort, card]),
    ).toEqual([
      ['a', 1001, 1],
      ['b', 1002, 1],
      ['a', 1003, 2],
    ]);
  });

  it('lists snapshots, and none', () => {
    expect(parseSnapshots(out('snapshot-list-mr'))).toEqual([
      { name: 's1', uuid: 'd7428625-426c-44d8-9232-7e38c3e155b7' },
      { name: 's2', uuid: 'ec4286fb-95a2-47a8-9e6a-2f8da09f41a9' },
    ]);
    expect(parseSnapshots(out('snapshot-list-none'))).toEqual([]);
  });

  it('reads blocks of DHCP servers, extension packs, media and the host', () => {
    const servers = parseBlocks(out('list-dhcpservers-some'), 'NetworkName');
    expect(servers.map((each) => [each.get('NetworkName'), each.get('Enabled')])).toEqual([
      ['HostInterfaceNetworking-vboxnet0', 'Yes'],
      ['NatNet1', 'Yes'],
      ['flocknet', 'No'],
      ['oldnet', 'Yes'],
    ]);
    const [pack] = parseBlocks(out('list-extpacks'), /^Pack no\./);
    expect([pack?.get('Pack no. 0'), pack?.get('Usable')]).toEqual(['VNC', 'true']);
    expect(parseBlocks(out('showmediuminfo'), 'UUID')[0]?.get('Capacity')).toBe('64 MBytes');
    expect(supportsVirtualization(out('list-hostinfo'))).toBe(false);
    expect(supportsVirtualization(out('list-hostinfo').replace('virtualization: no', 'virtualization: yes'))).toBe(
      true,
    );
  });
});

it('finds an error in every recording that failed, and in those that failed with an exit code of 0', () => {
  const failed = allRecordings().filter(({ exitCode, name }) => exitCode !== 0 && name !== 'snapshot-list-none');
  expect(failed.length).toBeGreaterThan(50);
  const silent = failed.filter(({ stderr }) => errorLines(stderr).length === 0).map(({ name }) => name);
  expect(silent).toEqual(['vboxheadless-nodriver']);
  const liars = allRecordings().filter(({ exitCode, stderr }) => exitCode === 0 && errorLines(stderr).length > 0);
  expect(liars.map(({ name }) => name).toSorted()).toEqual([
    'discardstate',
    'modifyvm-nic1-hostonly-new',
    'modifyvm-nic1-hostonly-old',
    'modifyvm-nic9',
  ]);
});
