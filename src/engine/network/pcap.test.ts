import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tcp, udp } from '../wire/test-support.js';
import { isTelling } from './is-telling.js';
import { pcapHeader, readPcap, wholePcapLength } from './pcap.js';
import { PcapWriter } from './pcap-writer.js';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lab-pcap-'));
  file = join(directory, 'wire.pcap');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const TIME = 1_700_000_000_123_456;
const MEBIBYTE = 1024 * 1024;

describe('PcapWriter', () => {
  it('writes what it was given, with times and lengths', async () => {
    const writer = new PcapWriter({ file, limit: MEBIBYTE });
    const frame = Buffer.from('xxxx one frame yyyy');
    writer.record(frame, 5, 14, TIME);
    writer.record(frame, 0, 4, TIME + 1_000_000);
    await writer.flush();
    expect(readPcap(readFileSync(file))).toEqual([
      { time: TIME, length: 9, frame: Buffer.from('one frame') },
      { time: TIME + 1_000_000, length: 4, frame: Buffer.from('xxxx') },
    ]);
    await writer.close();
  });

  it('continues a capture after a crash in the middle of a record', async () => {
    const first = new PcapWriter({ file, limit: MEBIBYTE });
    first.record(Buffer.from('first'), 0, 5, TIME);
    first.record(Buffer.from('second'), 0, 6, TIME);
    await first.close();
    truncateSync(file, statSync(file).size - 2);
    const next = new PcapWriter({ file, limit: MEBIBYTE });
    next.record(Buffer.from('third'), 0, 5, TIME);
    await next.close();
    expect(readPcap(readFileSync(file)).map(({ frame }) => frame.toString())).toEqual(['first', 'third']);
  });

  it('begins anew over something that is no capture', async () => {
    writeFileSync(file, 'this is something else, long enough for a header');
    await new PcapWriter({ file, limit: MEBIBYTE }).close();
    expect(readPcap(readFileSync(file))).toEqual([]);
  });

  it('stays within its limit by keeping one older file', async () => {
    const limit = 3000;
    const writer = new PcapWriter({ file, limit });
    for (let i = 0; i < 50; i += 1) {
      writer.record(Buffer.alloc(500, i), 0, 500, TIME + i);
      await writer.flush();
    }
    await writer.close();
    expect(statSync(file).size).toBeLessThanOrEqual(limit);
    expect(statSync(`${file}.1`).size).toBeLessThanOrEqual(limit);
    const numbers = [...readPcap(readFileSync(`${file}.1`)), ...readPcap(readFileSync(file))].map(
      ({ frame }) => frame[0],
    );
    expect(numbers).toEqual(numbers.map((_, index) => 50 - numbers.length + index));
  });

  it('keeps only the beginning of frames in a flood, and whole ones again a second later', async () => {
    const writer = new PcapWriter({ file, limit: 100 * MEBIBYTE });
    const frame = Buffer.alloc(1514, 1);
    for (let i = 0; i < 3000; i += 1) {
      writer.record(frame, 0, frame.length, TIME);
      if (i % 300 === 0) await writer.flush();
    }
    writer.record(frame, 0, frame.length, TIME + 1_000_000);
    await writer.flush();
    await writer.close();
    const records = readPcap(readFileSync(file));
    expect(records.every(({ length }) => length === 1514)).toBe(true);
    expect(records).toHaveLength(3001);
    expect(records[0]?.frame).toHaveLength(1514);
    expect(records[2999]?.frame).toHaveLength(128);
    expect(records[3000]?.frame).toHaveLength(1514);
  });
});

describe('in a flood', () => {
  it('heads of HTTP, Omaha and DHCP are kept whole, within a limit', async () => {
    const writer = new PcapWriter({ file, limit: 100 * MEBIBYTE });
    const bulk = Buffer.alloc(1514, 1);
    for (let i = 0; i < 1500; i += 1) {
      writer.record(bulk, 0, bulk.length, TIME);
      if (i % 300 === 299) await writer.flush();
    }
    const one = { mac: '08:00:27:00:00:01', ip: '10.0.0.1', port: 80 };
    const two = { mac: '08:00:27:00:00:02', ip: '10.0.0.2', port: 68 };
    const head = tcp(one, two, 'A', 1, `HTTP/1.1 200 OK\r\n${'x'.repeat(1300)}`);
    const dhcp = udp({ ...one, port: 67 }, two, Buffer.alloc(300));
    const omaha = tcp(one, two, 'A', 1, `<?xml version="1.0"?>${'x'.repeat(900)}`);
    const data = tcp(one, two, 'A', 1, Buffer.alloc(1300));
    for (const frame of [head, dhcp, omaha, data]) writer.record(frame, 0, frame.length, TIME);
    for (let i = 0; i < 2000; i += 1) {
      writer.record(head, 0, head.length, TIME);
      if (i % 300 === 0) await writer.flush();
    }
    await writer.close();
    const stored = readPcap(readFileSync(file)).map((record) => record.frame.length);
    expect(stored.slice(1500, 1504)).toEqual([head.length, dhcp.length, omaha.length, 128]);
    expect(stored.at(-1)).toBe(128);
    expect(stored.slice(1500).reduce((sum, length) => sum + length, 0)).toBeLessThan(1.5 * MEBIBYTE);
  });

  it('any bytes may be asked whether they tell something', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void isTelling(Buffer.from(bytes), 0, bytes.length)),
    );
  });
});

describe('reading', () => {
  it('never throws on a damaged end and never reads past it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        const bytes = Buffer.concat([pcapHeader(), garbage]);
        const whole = wholePcapLength(bytes);
        expect(whole).toBeLessThanOrEqual(bytes.length);
        expect(readPcap(bytes)).toEqual(readPcap(bytes.subarray(0, whole)));
      }),
    );
  });

  it('says so when it is no capture', () => {
    appendFileSync(file, 'no');
    expect(() => readPcap(readFileSync(file))).toThrow(/pcap/);
  });
});
