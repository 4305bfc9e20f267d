import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePacket } from './decode/decode-packet.js';
import { decodeDhcp, isPxe } from './decode/dhcp.js';
import { decodeDns } from './decode/dns.js';
import { decodeHttp } from './decode/http.js';
import { decodeOmaha } from './decode/omaha.js';
import { decodeTftp } from './decode/tftp.js';
import { frameFields } from './fields.js';
import { CORE_01, ipv4, PROVISIONER, recorded, tcp, testWire } from './test-support.js';

const frames = [...recorded('boot.pcap'), ...recorded('rogue-dhcp.pcap'), ...recorded('update.pcap')];
const omahaPiece = (bytes: Buffer) => decodeOmaha(bytes, { piece: true });
const decoders = [decodeDhcp, decodeDns, decodeHttp, decodeOmaha, omahaPiece, decodeTftp, decodePacket];

/** A real frame with a few bytes changed, some left out, and cut somewhere. */
const damaged = fc
  .record({
    index: fc.nat(frames.length - 1),
    changes: fc.array(fc.tuple(fc.nat(1513), fc.nat(255)), { maxLength: 12 }),
    cut: fc.nat(1514),
    more: fc.nat(70_000),
  })
  .map(({ index, changes, cut, more }) => {
    const { frame } = frames[index] as (typeof frames)[number];
    const copy = Buffer.from(frame.subarray(0, cut));
    for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
    return { frame: copy, length: copy.length + more };
  });

describe('no bytes make a decoder throw:', () => {
  test('random ones', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        for (const decode of decoders) decode(Buffer.from(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('real frames with damage, cut short, and said to be longer than they are', () => {
    const wire = testWire();
    fc.assert(
      fc.property(damaged, ({ frame, length }) => {
        wire.take(frame, { length });
        for (const at of [14, 34, 42, 54, 66]) for (const decode of decoders) decode(frame.subarray(at));
        frameFields(frame, length, wire.names);
      }),
      { numRuns: 3000 },
    );
    // What people read has nothing in it that could steer a terminal.
    for (const line of wire.text()) expect(line).toMatch(/^[\x20-\x7E→×·]*$/);
  });

  test('names in DNS that point at themselves', () => {
    const header = Buffer.from('000181800001000100000000', 'hex');
    const loop = Buffer.concat([header, Buffer.from('c00c00010001', 'hex')]);
    expect(decodeDns(loop)).toBeUndefined();
    const long = Buffer.concat([
      header,
      ...Array.from({ length: 300 }, () => Buffer.from('0161', 'hex')),
      Buffer.alloc(5),
    ]);
    expect(decodeDns(long)).toBeUndefined();
  });
});

describe('a packet', () => {
  const from = { ...CORE_01, port: 40000 };
  const to = { ...PROVISIONER, port: 80 };

  test('has who, whither and what', () => {
    const packet = decodePacket(tcp(from, to, 'SA', 7, 'hello'));
    expect(packet).toMatchObject({
      from: CORE_01.mac,
      to: PROVISIONER.mac,
      ip: { version: 4, from: CORE_01.ip, to: PROVISIONER.ip, ttl: 64 },
      tcp: { from: 40000, to: 80, seq: 7, syn: true, acks: true, fin: false, rst: false },
      payloadLength: 5,
    });
    expect(packet.payload.toString()).toBe('hello');
  });

  test('of which only the beginning was recorded counts in full', () => {
    const whole = tcp(from, to, 'A', 7, Buffer.alloc(1000, 'x'));
    const packet = decodePacket(whole.subarray(0, 128), whole.length);
    expect(packet.payload.length).toBe(128 - 54);
    expect(packet.payloadLength).toBe(1000);
    expect(packet.malformed).toBeUndefined();
  });

  test('without its padding', () => {
    const padded = Buffer.concat([tcp(from, to, 'A', 7), Buffer.alloc(6)]);
    expect(decodePacket(padded).payloadLength).toBe(0);
  });

  test('that is a later piece of a larger one has no ports', () => {
    const piece = ipv4(CORE_01, PROVISIONER, 17, Buffer.alloc(100));
    piece.writeUInt16BE(0x2000 | 185, 20);
    expect(decodePacket(piece).ip?.fragment).toEqual({ offset: 1480, more: true });
    expect(decodePacket(piece).udp).toBeUndefined();
  });

  test('in a VLAN', () => {
    const frame = tcp(from, to, 'S', 1);
    const tagged = Buffer.concat([frame.subarray(0, 12), Buffer.from('81000005', 'hex'), frame.subarray(12)]);
    expect(decodePacket(tagged)).toMatchObject({ vlan: 5, type: 0x0800, tcp: { syn: true } });
  });
});

test('iPXE says what it is and can', () => {
  const discover = frames
    .map(({ frame }) => decodePacket(frame))
    .filter(({ udp }) => udp?.to === 67)
    .map(({ payload }) => decodeDhcp(payload))
    .find((dhcp) => dhcp?.type === 'discover');
  if (discover === undefined) throw new Error('no discover was recorded');
  expect(isPxe(discover)).toBe(true);
  expect(discover).toMatchObject({
    mac: CORE_01.mac,
    vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
    architecture: 'x86 BIOS',
    userClass: 'iPXE',
    uuid: '11111111-2222-3333-4444-0800278e158a',
    reply: false,
  });
  expect(discover.ipxe?.features).toEqual(expect.arrayContaining(['http', 'tftp', 'dns', 'bzimage', 'elf']));
  expect(discover.wants).toEqual(expect.arrayContaining([1, 3, 6, 67, 175]));
});
