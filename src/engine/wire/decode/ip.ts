import type { Ip, Packet } from './packet.js';
import { ip6Text, ipText } from './text.js';
import { decodeTransport } from './transport.js';

/** An IPv4 header whose addresses become text only when somebody asks: most frames of a download are never looked at. */
class Ipv4 implements Ip {
  readonly version = 4;
  fragment?: { offset: number; more: boolean };

  constructor(private readonly bytes: Buffer) {}

  get from(): string {
    return ipText(this.bytes, 12);
  }

  get to(): string {
    return ipText(this.bytes, 16);
  }

  get protocol(): number {
    return this.bytes[9] as number;
  }

  get ttl(): number {
    return this.bytes[8] as number;
  }

  /** Address as four characters, to be compared. */
  key(at: 12 | 16): string {
    return this.bytes.toString('latin1', at, at + 4);
  }
}

export function decodeIpv4(packet: Packet): void {
  const { payload: bytes, payloadLength } = packet;
  const header = ((bytes[0] ?? 0) & 15) * 4;
  if (bytes.length < 20 || (bytes[0] as number) >> 4 !== 4 || header < 20) {
    packet.malformed = 'not an IPv4 header';
    return;
  }
  const total = bytes.readUInt16BE(2);
  const pieces = bytes.readUInt16BE(6);
  const ip = new Ipv4(bytes);
  packet.ip = ip;
  if ((pieces & 0x3fff) !== 0) ip.fragment = { offset: (pieces & 0x1fff) * 8, more: (pieces & 0x2000) !== 0 };
  // Cards that split large segments themselves leave the length 0.
  const length = total === 0 ? payloadLength : total;
  if (length < header || length > payloadLength) packet.malformed = 'IPv4 length is wrong';
  packet.carry(bytes.subarray(header), Math.max(0, Math.min(length, payloadLength) - header));
  if ((ip.fragment?.offset ?? 0) === 0) decodeTransport(packet, ip.protocol);
}

const EXTENSIONS = new Set([0, 43, 60]);

export function decodeIpv6(packet: Packet): void {
  const { payload: bytes, payloadLength } = packet;
  if (bytes.length < 40 || (bytes[0] as number) >> 4 !== 6) {
    packet.malformed = 'not an IPv6 header';
    return;
  }
  const ip: Ip = {
    version: 6,
    from: ip6Text(bytes, 8),
    to: ip6Text(bytes, 24),
    protocol: bytes[6] as number,
    ttl: bytes[7] as number,
  };
  packet.ip = ip;
  const length = bytes.readUInt16BE(4) || Math.max(0, payloadLength - 40);
  if (length > payloadLength - 40) packet.malformed = 'IPv6 length is wrong';
  packet.carry(bytes.subarray(40), Math.max(0, Math.min(length, payloadLength - 40)));
  for (let headers = 0; headers < 8; headers++) {
    const { payload } = packet;
    if (ip.protocol === 44 && payload.length >= 8) {
      const piece = payload.readUInt16BE(2);
      ip.fragment = { offset: piece & 0xfff8, more: (piece & 1) !== 0 };
      ip.protocol = payload[0] as number;
      packet.carry(payload.subarray(8), Math.max(0, packet.payloadLength - 8));
    } else if (EXTENSIONS.has(ip.protocol) && payload.length >= 8) {
      const size = 8 + (payload[1] as number) * 8;
      ip.protocol = payload[0] as number;
      packet.carry(payload.subarray(size), Math.max(0, packet.payloadLength - size));
    } else break;
  }
  if ((ip.fragment?.offset ?? 0) === 0) decodeTransport(packet, ip.protocol);
}
