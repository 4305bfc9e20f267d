import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { LabError } from '../errors.js';
import { defaultLabConfig } from './defaults.js';
import { hostRange, ipv4 } from './ipv4.js';
import { loadLabConfig } from './load.js';
import { parseLabConfig } from './parse.js';

function faultsOf(text: string): string[] {
  try {
    parseLabConfig(text, 'lab.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 2 });
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}

describe('lab.yaml', () => {
  test('an empty file, and the defaults written out, are the default lab', () => {
    expect(parseLabConfig('', 'lab.yaml')).toEqual(defaultLabConfig());
    expect(parseLabConfig('# nothing\n', 'lab.yaml')).toEqual(defaultLabConfig());
    expect(parseLabConfig(stringify(defaultLabConfig()), 'lab.yaml')).toEqual(defaultLabConfig());
  });

  test('a machine needs only a name and a MAC', () => {
    const config = parseLabConfig(
      'machines:\n  - {name: prov, role: provisioner, mac: "08:00:27:00:00:01"}\n  - {name: n1, mac: "08:00:27:00:00:0A"}\n',
      'lab.yaml',
    );
    expect(config.machines).toEqual([
      {
        name: 'prov',
        role: 'provisioner',
        memory: 1024,
        cpus: 1,
        disk: 8,
        mac: '08:00:27:00:00:01',
        serial: '080027000001-0',
        ip: '192.168.2.2',
        sshPort: 0,
      },
      { name: 'n1', role: 'node', memory: 1024, cpus: 1, disk: 8, mac: '08:00:27:00:00:0a', serial: '08002700000a-0' },
    ]);
  });

  test('the Lab OS has versions that updates can count on from', () => {
    expect(parseLabConfig('image: {version: "2.9.3"}\n', 'lab.yaml').image.version).toBe('2.9.3');
    for (const version of ['stable', '2.9', '1.0.0-rc1']) {
      expect(faultsOf(`image: {version: "${version}"}\n`), version).toEqual([
        expect.stringContaining(`image.version must be three numbers, such as "1.0.0": it is ${version}`),
      ]);
    }
  });

  test("the update server is the lab's own or Nebraska, from images that say where they are and which they are", () => {
    const config = parseLabConfig('updates: {server: nebraska, nebraska: "reg.test:5000/n:1"}\n', 'lab.yaml');
    const { updates } = defaultLabConfig();
    expect(updates.server).toBe('stand-in');
    expect(config.updates).toEqual({ ...updates, server: 'nebraska', nebraska: 'reg.test:5000/n:1' });
    expect(faultsOf('updates: {server: coreroller, images: x}\n')).toEqual([
      expect.stringContaining('updates.server must be stand-in or nebraska; it is "coreroller"'),
      expect.stringContaining('updates.images is not a key of lab.yaml'),
    ]);
    for (const image of ['nebraska:1', 'ghcr.io/flatcar/nebraska', 'ghcr.io/n:1 --privileged', '-v.x/n:1']) {
      expect(faultsOf(`updates: {nebraska: "${image}"}\n`), image).toEqual([
        expect.stringContaining('updates.nebraska must be a container image with its registry'),
      ]);
    }
  });

  test('Flatcar is its stable channel, on machines of the size that it needs', () => {
    const config = parseLabConfig('image: {name: flatcar}\n', 'lab.yaml');
    expect(config).toEqual(defaultLabConfig('flatcar'));
    expect(config.image).toEqual({ name: 'flatcar', version: 'stable' });
    expect(config.machines.map(({ memory }) => memory)).toEqual([2048, 3072, 3072, 3072]);
    const own = 'machines:\n  - {name: p, role: provisioner, memory: 4096, mac: "08:00:27:00:00:01"}\n';
    const [machine] = parseLabConfig(`image: {name: flatcar}\n${own}`, 'lab.yaml').machines;
    expect(machine).toMatchObject({ memory: 4096, disk: 12 });
  });

  test('an update has to be newer than what is updated; a channel is asked later', () => {
    const image = (text: string) => parseLabConfig(`image: {name: flatcar, ${text}}\n`, 'lab.yaml').image;
    expect(image('version: 4593.2.4, update: 4593.2.5, mirror: ./flatcar')).toEqual({
      name: 'flatcar',
      version: '4593.2.4',
      update: '4593.2.5',
      mirror: './flatcar',
    });
    expect(image('version: 4593.2.4, update: stable')).toMatchObject({ update: 'stable' });
    expect(faultsOf('image: {name: flatcar, version: 4593.2.10, update: 4593.2.9}\n')).toEqual([
      'lab.yaml:1:44 image.update 4593.2.9 must be newer than image.version (4593.2.10)',
    ]);
    expect(faultsOf('image: {mirror: "http://mirror", update: 1.0.1}\n')).toEqual([
      'lab.yaml:1:9 image.mirror is not for labos: it is built, and no release of it is published',
      'lab.yaml:1:34 image.update is not for labos: it is built, and no release of it is published',
    ]);
    expect(faultsOf('image: {miror: x}\n').join()).toContain('did you mean mirror?');
  });

  test('all faults are reported at once, in the order of the file', () => {
    const faults = faultsOf(readFileSync('test/fixtures/lab-ten-faults.yaml', 'utf8'));
    expect(faults).toMatchInlineSnapshot(`
      [
        "lab.yaml:2:1 name must be 1 to 32 lower-case letters, digits or dashes, such as core-01; it is "My Lab"",
        "lab.yaml:3:1 provder is not a key of lab.yaml: did you mean provider?",
        "lab.yaml:4:10 image.name must be labos or flatcar; it is "coreos"",
        "lab.yaml:6:3 network.cidr must be an IPv4 network, such as 192.168.2.0/24; it is "192.168.2.0/33"",
        "lab.yaml:7:3 network.nodePool overlaps with bootPool: the two must have no address in common",
        "lab.yaml:12:5 machines[0].ip 192.168.2.12 lies in bootPool, whose addresses are given away",
        "lab.yaml:15:5 machines[1].memory must be a whole number from 512 to 65536 (MiB); it is "1 GB"",
        "lab.yaml:18:5 machines[2].mac 08:00:27:8e:15:8a is the mac of core-01 already: each needs its own",
        "lab.yaml:19:5 machines[2].serial same is the serial of core-01 already: each needs its own",
        "lab.yaml:20:5 machines[2].cpus must be a whole number from 1 to 32; it is 0",
        "lab.yaml:22:5 machines[3].mac must be a MAC address, such as "08:00:27:8e:15:8a"; it is "08-00-27-8e-15-8c"",
        "lab.yaml:23:5 machines[3].sshPort must be 0 (any free port) or 1024 and above; it is 22",
      ]
    `);
    expect(faults.length).toBeGreaterThanOrEqual(10);
  });

  test.each([
    [
      'two provisioners',
      'machines:\n  - {name: a, role: provisioner, mac: "08:00:27:00:00:01"}\n  - {name: b, role: provisioner, ip: 192.168.2.3, mac: "08:00:27:00:00:02"}\n',
      /machines must have exactly one machine with role: provisioner, and has 2/,
    ],
    [
      'a pool that is too small',
      'network: {nodePool: {start: 192.168.2.21, end: 192.168.2.22}}\n',
      /nodePool has fewer addresses than there are nodes \(3\)/,
    ],
    [
      'overlapping pools',
      'network: {bootPool: {start: 192.168.2.10, end: 192.168.2.25}}\n',
      /nodePool overlaps with bootPool/,
    ],
    [
      'a gateway elsewhere',
      'network: {gateway: 10.0.0.1}\n',
      /network\.gateway 10\.0\.0\.1 is not a host address of 192\.168\.2\.0\/24/,
    ],
    [
      'one serial twice',
      'machines:\n  - {name: p, role: provisioner, mac: "08:00:27:00:00:01"}\n  - {name: a, serial: x, mac: "08:00:27:00:00:02"}\n  - {name: b, serial: x, mac: "08:00:27:00:00:03"}\n',
      /machines\[2\]\.serial x is the serial of a already/,
    ],
    [
      'serials that differ in case only',
      'machines:\n  - {name: p, role: provisioner, mac: "08:00:27:00:00:01"}\n  - {name: a, serial: x1, mac: "08:00:27:00:00:02"}\n  - {name: b, serial: X1, mac: "08:00:27:00:00:03"}\n',
      /machines\[2\]\.serial X1 is the serial of a already/,
    ],
    [
      'a serial that Mayu does not look at',
      'machines:\n  - {name: p, role: provisioner, mac: "08:00:27:00:00:01"}\n  - {name: a, serial: "0123456789", mac: "08:00:27:00:00:02"}\n',
      /machines\[1\]\.serial is one that Mayu ignores/,
    ],
    ['broken YAML', 'name: [\n', /lab\.yaml:\d+:\d+ is not YAML here/],
    ['a list at the top', '- a\n', /lab\.yaml must be a group of keys/],
  ])('%s', (_, text, expected) => {
    expect(faultsOf(text).join('\n')).toMatch(expected);
  });

  test('whatever is in the file, the answer is a lab or a list of faults', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('name', 'machines', 'mac', 'network', 'cidr', 'image', 'x'), tie('any'), {
          maxKeys: 4,
        }),
      ),
    })).any;
    fc.assert(
      fc.property(value, (object) => void faultsOf(stringify(object))),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => void faultsOf(text)),
      { numRuns: 300 },
    );
  });

  test('a file that was named has to be there', async () => {
    await expect(loadLabConfig('/nowhere/lab.yaml')).rejects.toMatchObject({ code: 'CONFIG_MISSING', exitCode: 2 });
  });
});

test('addresses and networks', () => {
  expect(ipv4('192.168.2.255')).toBe(0xc0a802ff);
  for (const wrong of ['1.2.3', '1.2.3.256', '01.2.3.4', 'a.b.c.d', '']) expect(ipv4(wrong)).toBeUndefined();
  expect(hostRange('10.0.0.0/29')).toEqual({ first: 0x0a000001, last: 0x0a000006 });
  for (const wrong of ['10.0.0.1/24', '10.0.0.0/33', '10.0.0.0', '10.0.0.0/30', '10.0.0.0/24/1'])
    expect(hostRange(wrong)).toBeUndefined();
});
