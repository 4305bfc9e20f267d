import { readFileSync } from 'node:fs';
import { defaultLabConfig } from '../config/defaults.js';
import { pcapHeader, putRecordHeader, RECORD_HEADER_BYTES, readPcap } from '../network/pcap.js';
import type { Happening } from './happening.js';
import { Names, wireMachines } from './names.js';
import type { FrameRef } from './pcap-parser.js';
import { Tracker } from './tracker.js';
import type { WireLine } from './wire-line.js';
import { lineText } from './wire-line.js';
import { WireLog } from './wire-log.js';

/** Recorded by test/contract/support/wire-scene.ts: a real iPXE with a real dnsmasq. */
export const fixture = (name: string) => new URL(`../../../test/fixtures/wire/${name}`, import.meta.url).pathname;
export const recorded = (name: string) => readPcap(readFileSync(fixture(name)));

export const PROVISIONER = { mac: '08:00:27:8e:15:01', ip: '192.168.2.2' };
export const CORE_01 = { mac: '08:00:27:8e:15:8a', ip: '192.168.2.14' };
export const CORE_02 = { mac: '08:00:27:8e:15:8b', ip: '192.168.2.15' };
export const TIME = 1_790_000_000_000_000;

interface Host {
  mac: string;
  ip: string;
}

const mac = (text: string) => Buffer.from(text.replaceAll(':', ''), 'hex');
const address = (text: string) => Buffer.from(text.split('.').map(Number));

export function ipv4(from: Host, to: Host, protocol: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(34);
  mac(to.mac).copy(header, 0);
  mac(from.mac).copy(header, 6);
  header.writeUInt16BE(0x0800, 12);
  header[14] = 0x45;
  header.writeUInt16BE(20 + payload.length, 16);
  header[22] = 64;
  header[23] = protocol;
  address(from.ip).copy(header, 26);
  address(to.ip).copy(header, 30);
  return Buffer.concat([header, payload]);
}

export function udp(from: Host & { port: number }, to: Host & { port: number }, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header.writeUInt16BE(from.port, 0);
  header.writeUInt16BE(to.port, 2);
  header.writeUInt16BE(8 + body.length, 4);
  return ipv4(from, to, 17, Buffer.concat([header, body]));
}

const FLAGS = { F: 1, S: 2, R: 4, P: 8, A: 16 } as const;

/** Flags as letters, e.g. SA. */
export function tcp(
  from: Host & { port: number },
  to: Host & { port: number },
  flags: string,
  seq: number,
  payload: string | Buffer = '',
): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(from.port, 0);
  header.writeUInt16BE(to.port, 2);
  header.writeUInt32BE(seq >>> 0, 4);
  header[12] = 0x50;
  header[13] = [...flags].reduce((all, letter) => all | FLAGS[letter as keyof typeof FLAGS], 0);
  return ipv4(from, to, 6, Buffer.concat([header, Buffer.from(payload)]));
}

/** A capture as bytes; frames in order, a millisecond apart. */
export function capture(frames: readonly Buffer[], start = TIME): Buffer {
  const parts = frames.flatMap((frame, index) => {
    const header = Buffer.alloc(RECORD_HEADER_BYTES);
    putRecordHeader(header, 0, start + index * 1000, frame.length, frame.length);
    return [header, frame];
  });
  return Buffer.concat([pcapHeader(), ...parts]);
}

export interface TestWire {
  names: Names;
  log: WireLog;
  happenings: Happening[];
  /** `length`: on the wire, where only the beginning was recorded. */
  take(frame: Buffer, options?: { length?: number; after?: number }): void;
  /** Lines as people read them, with ! for a warning. */
  text(): string[];
}

/** Everything from frames to lines, over the default lab. */
export function testWire(onHappening: (happening: Happening) => void = () => {}): TestWire {
  const names = new Names(wireMachines(defaultLabConfig()));
  const log = new WireLog(names);
  const happenings: Happening[] = [];
  const tracker = new Tracker(names, (happening) => {
    happenings.push(happening);
    log.take(happening);
    onHappening(happening);
  });
  let time = TIME;
  let offset = 40;
  return {
    names,
    log,
    happenings,
    take(frame, { length = frame.length, after = 1000 } = {}) {
      time += after;
      const ref: FrameRef = { file: 1, offset, stored: frame.length, length, time };
      offset += frame.length + 16;
      tracker.take(frame, ref);
    },
    text: () => log.lines.map((line: WireLine) => `${line.warning ? '! ' : ''}${lineText(line)}`),
  };
}
