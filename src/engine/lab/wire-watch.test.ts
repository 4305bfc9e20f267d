import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pcapHeader, putRecordHeader, RECORD_HEADER_BYTES } from '../network/pcap.js';
import { CORE_01, fixture, PROVISIONER, recorded, tcp } from '../wire/test-support.js';
import { Boots } from './boots.js';
import { ConsoleWatch } from './console-watch.js';
import { makeTestLab, type TestLab } from './test-support.js';
import { WireWatch } from './wire-watch.js';

let lab: TestLab;
let boots: Boots;
let consoles: ConsoleWatch;
let wire: WireWatch;
let file: string;
beforeEach(async () => {
  lab = await makeTestLab({ power: { 'core-01': 'running' } });
  boots = new Boots(lab.paths.labDirectory);
  consoles = new ConsoleWatch(lab, boots);
  wire = new WireWatch(lab, consoles);
  file = join(lab.paths.labDirectory, 'wire.pcap');
});
afterEach(async () => {
  await wire.close();
  await lab.dispose();
});

/** A recorded capture as if it were recorded now. */
const now = (name: string, age = 0) => records(recorded(name), age);

function records(frames: readonly { frame: Buffer; length: number }[], age = 0): Buffer {
  const parts = frames.flatMap(({ frame, length }) => {
    const header = Buffer.alloc(RECORD_HEADER_BYTES);
    putRecordHeader(header, 0, (Date.now() + 1 - age) * 1000, frame.length, length);
    return [header, frame];
  });
  return Buffer.concat(parts);
}

const stages = () =>
  lab.of('stage').map(({ stage, percent }) => (percent === undefined ? stage : `${stage} ${percent}%`));

test('a boot on the wire is told as stages, with the console and never back', async () => {
  writeFileSync(file, pcapHeader());
  await boots.begin('core-01', lab.logFile('core-01'));
  const endConsole = await consoles.follow('core-01');
  const end = wire.follow();
  await consoles.reach('core-01', 'power-on');
  await appendFile(lab.logFile('core-01'), 'SeaBIOS\r\n');
  await expect.poll(stages).toContain('firmware');
  appendFileSync(file, now('boot.pcap'));
  await expect.poll(stages, { timeout: 5000 }).toContain('ignition');
  expect(stages().filter((stage) => !stage.includes('%'))).toEqual([
    'power-on',
    'firmware',
    'dhcp',
    'ipxe',
    'kernel',
    'ignition',
  ]);
  expect(stages().findLast((stage) => stage.includes('%'))).toBe('kernel 100%');
  await appendFile(lab.logFile('core-01'), 'Linux version 6\r\nlabos: switching to the real root\r\n');
  await expect.poll(stages).toContain('system');
  const before = stages().length;
  appendFileSync(file, now('boot.pcap'));
  await new Promise((wake) => setTimeout(wake, 600));
  expect(stages()).toHaveLength(before);
  expect(wire.lines.length).toBeGreaterThan(20);
  const [line] = wire.lines;
  const looked = await wire.look(line?.refs[0] as never);
  expect(looked?.bytes).toEqual(recorded('boot.pcap')[0]?.frame);
  expect(looked?.fields[0]?.[1]).toContain('08:00:27:8e:15:01 (core-provisioner) → ');
  const exported = join(lab.directory, 'out.pcap');
  expect(await wire.export(exported, { machines: ['core-01'], protocols: ['dns'], text: '' })).toBe(4);
  await Promise.all([end(), endConsole()]);
});

test('what Mayu was told on the wire is that a node runs; what the console tells after that takes nothing back', async () => {
  writeFileSync(file, pcapHeader());
  await boots.begin('core-01', lab.logFile('core-01'));
  const endConsole = await consoles.follow('core-01');
  const end = wire.follow();
  await appendFile(lab.logFile('core-01'), 'SeaBIOS\r\nGRUB: loading\r\nlabos: switching to the real root\r\n');
  await expect.poll(stages).toContain('system');
  const client = { ...CORE_01, port: 2001 };
  const server = { ...PROVISIONER, port: 4080 };
  const put = 'PUT /admin/host/0800278e158a-0/boot_complete HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}';
  const frames = [
    tcp(client, server, 'PA', 1, put),
    tcp(server, client, 'PA', 1, 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n'),
  ];
  appendFileSync(file, records(frames.map((frame) => ({ frame, length: frame.length }))));
  await expect.poll(stages, { timeout: 5000 }).toContain('running');
  await appendFile(lab.logFile('core-01'), 'lab: etcd: member core-01 of 3\r\nlab: boot complete\r\n');
  await expect.poll(stages).toContain('etcd');
  await consoles.sshAnswered('core-01');
  await Promise.all([end(), endConsole()]);
  expect(stages()).toEqual(['firmware', 'kernel', 'system', 'running', 'etcd', 'ssh']);
  expect(consoles.stage('core-01')).toBeUndefined();
});

test('of a boot that nobody watched only what it came to is told; an earlier boot tells nothing', async () => {
  copyFileSync(fixture('boot.pcap'), file);
  await boots.begin('core-01', lab.logFile('core-01'));
  const endConsole = await consoles.follow('core-01');
  const end = wire.follow();
  await expect.poll(() => wire.lines.length).toBeGreaterThan(20);
  await end();
  expect(stages()).toEqual([]);
  await new Promise((wake) => setTimeout(wake, 20));
  appendFileSync(file, now('boot.pcap'));
  await new Promise((wake) => setTimeout(wake, 20));
  const next = wire.follow();
  await expect.poll(stages).toEqual(['ignition']);
  // Nothing is read twice.
  const frames = wire.lines.reduce((sum, line) => sum + line.frames, 0);
  expect(frames).toBe(2 * recorded('boot.pcap').length);
  await Promise.all([next(), endConsole()]);
});

test('a second DHCP server is a warning, once; one of yesterday is none', async () => {
  copyFileSync(fixture('rogue-dhcp.pcap'), file);
  const end = wire.follow();
  await expect.poll(() => wire.lines.length).toBeGreaterThan(20);
  expect(lab.of('notice')).toEqual([]);
  appendFileSync(file, now('rogue-dhcp.pcap'));
  appendFileSync(file, now('rogue-dhcp.pcap'));
  await expect.poll(() => lab.of('notice').length).toBe(1);
  expect(lab.of('notice')[0]).toMatchObject({
    level: 'warning',
    text: expect.stringMatching(
      /52:54:00:66:66:66, 192\.168\.2\.66\) answers DHCP beside core-provisioner.*take it off/,
    ),
    failure: { code: 'DHCP_ROGUE' },
  });
  await end();
  expect(readFileSync(file).length).toBeGreaterThan(0);
});

test('the installer tells its percentage on the console', async () => {
  await boots.begin('core-01', lab.logFile('core-01'));
  const end = await consoles.follow('core-01');
  await appendFile(lab.logFile('core-01'), 'SeaBIOS\r\nlabos: install: to /dev/vda: Lab OS 1.0.0\r\nlabos: install: 3');
  await expect.poll(stages).toContain('install');
  await appendFile(lab.logFile('core-01'), '7% /usr\r\n');
  await expect.poll(stages).toEqual(['firmware', 'install', 'install 37%']);
  await end();
});
