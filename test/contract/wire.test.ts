import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLabConfig } from '../../src/engine/config/defaults.js';
import { readPcap } from '../../src/engine/network/pcap.js';
import { BootObserver } from '../../src/engine/wire/boot-observer.js';
import { readCaptureFile } from '../../src/engine/wire/capture-file.js';
import { decodePacket } from '../../src/engine/wire/decode/decode-packet.js';
import { decodeDhcp } from '../../src/engine/wire/decode/dhcp.js';
import { exportCapture } from '../../src/engine/wire/export-capture.js';
import type { HttpExchange } from '../../src/engine/wire/happening.js';
import { Names, wireMachines } from '../../src/engine/wire/names.js';
import type { FrameSink } from '../../src/engine/wire/pcap-parser.js';
import { RogueWatch } from '../../src/engine/wire/rogue-watch.js';
import { Tracker } from '../../src/engine/wire/tracker.js';
import { lineText } from '../../src/engine/wire/wire-line.js';
import { WireLog } from '../../src/engine/wire/wire-log.js';
import { ROGUE, recordBoot } from './support/wire-scene.js';

const KERNEL = 900_000;
const INITRD = 7_000_000;
const fixture = (name: string) => new URL(`../fixtures/wire/${name}`, import.meta.url).pathname;

let directory: string;
let fresh: string;
let rogue: string;
beforeAll(async () => {
  // Sockets are in it: their paths must be short.
  directory = mkdtempSync('/tmp/wire-');
  const folder = () => mkdtempSync(join(directory, 's'));
  const boot = await recordBoot({ directory: folder(), kernel: KERNEL, initrd: INITRD });
  expect(boot.console).toContain('SCENE DONE');
  fresh = boot.pcap;
  rogue = (await recordBoot({ directory: folder(), kernel: 1000, initrd: 1000, rogue: true })).pcap;
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What tshark finds in each frame; several values are joined by commas. */
function tshark(file: string, fields: readonly string[]): Record<string, string>[] {
  const text = execFileSync(
    'tshark',
    [
      '-r',
      file,
      '-T',
      'fields',
      '-E',
      'separator=/t',
      '-E',
      'occurrence=a',
      ...fields.flatMap((field) => ['-e', field]),
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 64 * 1024 * 1024 },
  );
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const values = line.split('\t');
      return Object.fromEntries(fields.map((field, index) => [field, values[index] ?? '']));
    });
}

const DHCP_TYPES = ['', 'discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'];
const captures: [string, () => string][] = [
  ['a boot that was just recorded', () => fresh],
  ['one with a second DHCP server', () => rogue],
  ['the recorded boot', () => fixture('boot.pcap')],
  ['the recorded second DHCP server', () => fixture('rogue-dhcp.pcap')],
];

describe.each(captures)('%s: tshark sees the same', (_name, file) => {
  test('in every frame', () => {
    const fields = [
      'eth.src',
      'eth.dst',
      'eth.type',
      'frame.len',
      'ip.src',
      'ip.dst',
      'ip.proto',
      'ip.ttl',
      'ipv6.src',
      'ipv6.dst',
      'tcp.srcport',
      'tcp.dstport',
      'tcp.seq_raw',
      'tcp.len',
      'tcp.flags',
      'udp.srcport',
      'udp.dstport',
      'arp.opcode',
      'arp.src.proto_ipv4',
      'arp.dst.proto_ipv4',
      'icmpv6.type',
    ];
    const theirs = tshark(file(), fields);
    const records = readPcap(readFileSync(file()));
    expect(records.length).toBe(theirs.length);
    const ours = records.map(({ frame, length }) => {
      const packet = decodePacket(frame, length);
      const { ip, tcp, udp, arp, icmp } = packet;
      const four = ip?.version === 4 ? ip : undefined;
      const six = ip?.version === 6 ? ip : undefined;
      const flags =
        (tcp?.fin ? 1 : 0) | (tcp?.syn ? 2 : 0) | (tcp?.rst ? 4 : 0) | (tcp?.push ? 8 : 0) | (tcp?.acks ? 16 : 0);
      const values = [
        packet.from,
        packet.to,
        `0x${packet.type.toString(16).padStart(4, '0')}`,
        length,
        four?.from,
        four?.to,
        four?.protocol,
        four?.ttl,
        six?.from,
        six?.to,
        tcp?.from,
        tcp?.to,
        tcp?.seq,
        tcp && packet.payloadLength,
        tcp && `0x${flags.toString(16).padStart(4, '0')}`,
        udp?.from,
        udp?.to,
        arp?.operation,
        arp?.senderIp,
        arp?.targetIp,
        six && icmp?.type,
      ];
      return Object.fromEntries(fields.map((field, index) => [field, String(values[index] ?? '')]));
    });
    // In an ICMP error tshark also names the packet that it is about.
    for (const row of theirs) for (const field of fields) row[field] = (row[field] as string).split(',')[0] as string;
    expect(ours).toEqual(theirs);
  });

  test('in DHCP', () => {
    const theirs = tshark(file(), [
      'dhcp.option.dhcp',
      'dhcp.id',
      'dhcp.hw.mac_addr',
      'dhcp.ip.your',
      'dhcp.option.dhcp_server_id',
      'dhcp.option.requested_ip_address',
      'dhcp.option.vendor_class_id',
      'dhcp.option.ip_address_lease_time',
      'dhcp.file',
      'dhcp.option.bootfile_name',
      'dhcp.client_id.uuid',
      'dhcp.option.client_system_architecture',
    ]);
    const records = readPcap(readFileSync(file()));
    let seen = 0;
    for (const [index, row] of theirs.entries()) {
      if (row['dhcp.option.dhcp'] === '') continue;
      seen += 1;
      const record = records[index] as (typeof records)[number];
      const dhcp = decodeDhcp(decodePacket(record.frame, record.length).payload);
      expect({
        type: dhcp?.type,
        xid: `0x${dhcp?.xid.toString(16).padStart(8, '0')}`,
        mac: dhcp?.mac,
        your: dhcp?.yourIp ?? '0.0.0.0',
        server: dhcp?.server ?? '',
        requested: dhcp?.requested ?? '',
        vendor: dhcp?.vendorClass ?? '',
        lease: String(dhcp?.lease ?? ''),
        boot: dhcp?.bootFile ?? '',
        bios: dhcp?.architecture === undefined ? '' : '0',
      }).toEqual({
        type: DHCP_TYPES[Number(row['dhcp.option.dhcp'])],
        xid: row['dhcp.id'],
        mac: row['dhcp.hw.mac_addr']?.split(',')[0],
        your: row['dhcp.ip.your'],
        server: row['dhcp.option.dhcp_server_id'],
        requested: row['dhcp.option.requested_ip_address'],
        vendor: row['dhcp.option.vendor_class_id'],
        lease: row['dhcp.option.ip_address_lease_time'],
        boot: row['dhcp.option.bootfile_name'] || row['dhcp.file'],
        bios: row['dhcp.option.client_system_architecture'],
      });
    }
    expect(seen).toBeGreaterThanOrEqual(8);
  });

  test('in HTTP, TFTP and DNS', () => {
    const rows = tshark(file(), [
      'http.request.method',
      'http.request.uri',
      'http.response.code',
      'http.content_length',
      'tftp.source_file',
      'tftp.opcode',
      'dns.qry.name',
      'dns.a',
    ]);
    const { exchanges, text } = understand(file());
    const requests = rows
      .filter((row) => row['http.request.method'] !== '')
      .map((row) => `${row['http.request.method']} ${row['http.request.uri']}`);
    expect(exchanges.map(({ method, target }) => `${method} ${target}`)).toEqual(requests);
    for (const row of rows) {
      if (row['tftp.opcode'] === '1') expect(text).toContain(`TFTP read ${row['tftp.source_file']}`);
      if (row['dns.a'] !== '') expect(text).toContain(`DNS A ${row['dns.qry.name']?.split(',')[0]}: ${row['dns.a']}`);
    }
  });
});

test('what is exported opens in tshark, with the frames that were asked for', async () => {
  const file = join(directory, 'out.pcap');
  const names = new Names(wireMachines(defaultLabConfig()));
  const source = (sink: FrameSink) => readCaptureFile(fixture('boot.pcap'), sink);
  const frames = await exportCapture(file, source, names, { machines: ['core-01'], protocols: ['tftp'], text: '' });
  expect(tshark(file, ['_ws.col.Protocol']).map((row) => row['_ws.col.Protocol'])).toEqual(Array(frames).fill('TFTP'));
});

/** All that we make of a capture. */
function understand(file: string) {
  const names = new Names(wireMachines(defaultLabConfig()));
  const log = new WireLog(names);
  const boots = new BootObserver(names);
  const rogues = new RogueWatch(names);
  const exchanges = new Set<HttpExchange>();
  const warnings: string[] = [];
  const percents: number[] = [];
  const tracker = new Tracker(names, (happening) => {
    log.take(happening);
    for (const { fact, facts } of boots.take(happening)) if (fact === 'percent') percents.push(facts.percent as number);
    const rogue = rogues.take(happening);
    if (rogue !== undefined) warnings.push(rogue.message);
    if (happening.kind === 'http') exchanges.add(happening.exchange);
  });
  let offset = 24;
  for (const { frame, length, time } of readPcap(readFileSync(file))) {
    tracker.take(frame, { file: 1, offset: offset + 16, stored: frame.length, length, time });
    offset += 16 + frame.length;
  }
  const text = log.lines.map(lineText).join('\n');
  return { exchanges: [...exchanges], text, boots, warnings, percents };
}

describe('a boot that was just recorded', () => {
  test('is whole, though most of its frames were recorded in part', () => {
    const records = readPcap(readFileSync(fresh));
    expect(records.filter(({ frame, length }) => frame.length < length).length).toBeGreaterThan(1000);
    const { exchanges, boots, percents, warnings } = understand(fresh);
    const initrd = exchanges.find(({ target }) => target.includes('initrd'));
    expect(initrd).toMatchObject({ status: 200, size: INITRD, done: INITRD, state: 'done' });
    expect(exchanges.find(({ target }) => target.includes('vmlinuz'))).toMatchObject({
      size: KERNEL,
      done: KERNEL,
      state: 'done',
    });
    expect(boots.facts('core-01')).toMatchObject({
      dhcp: 'ack',
      script: true,
      kernel: 100,
      initrd: 100,
      percent: 100,
      ignition: true,
    });
    expect(percents.length).toBeGreaterThan(50);
    expect(warnings).toEqual([]);
  });

  test('shows a second DHCP server by name', () => {
    const { warnings } = understand(rogue);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${ROGUE.mac}, ${ROGUE.ip}`);
  });
});
