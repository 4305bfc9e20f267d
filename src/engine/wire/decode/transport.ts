import type { Packet } from './packet.js';

export function decodeTransport(packet: Packet, protocol: number): void {
  if (protocol === 6) decodeTcp(packet);
  else if (protocol === 17) decodeUdp(packet);
  else if (protocol === 1 || protocol === 58) decodeIcmp(packet);
}

function decodeTcp(packet: Packet): void {
  const { payload: bytes, payloadLength } = packet;
  const header = ((bytes[12] ?? 0) >> 4) * 4;
  if (bytes.length < 20 || header < 20 || header > payloadLength) {
    packet.malformed = 'not a TCP header';
    return;
  }
  const flags = bytes[13] as number;
  packet.tcp = {
    from: bytes.readUInt16BE(0),
    to: bytes.readUInt16BE(2),
    seq: bytes.readUInt32BE(4),
    ack: bytes.readUInt32BE(8),
    fin: (flags & 1) !== 0,
    syn: (flags & 2) !== 0,
    rst: (flags & 4) !== 0,
    push: (flags & 8) !== 0,
    acks: (flags & 16) !== 0,
    window: bytes.readUInt16BE(14),
  };
  packet.carry(bytes.subarray(header), payloadLength - header);
}

function decodeUdp(packet: Packet): void {
  const { payload: bytes, payloadLength } = packet;
  if (bytes.length < 8) {
    packet.malformed = 'not a UDP header';
    return;
  }
  packet.udp = { from: bytes.readUInt16BE(0), to: bytes.readUInt16BE(2) };
  const length = bytes.readUInt16BE(4);
  const whole = packet.ip?.fragment === undefined;
  if (whole && (length < 8 || length > payloadLength)) packet.malformed = 'UDP length is wrong';
  packet.carry(bytes.subarray(8), Math.max(0, Math.min(length, payloadLength) - 8));
}

function decodeIcmp(packet: Packet): void {
  const { payload: bytes, payloadLength } = packet;
  if (bytes.length < 4) {
    packet.malformed = 'not an ICMP header';
    return;
  }
  const [type, code] = [bytes[0] as number, bytes[1] as number];
  const echo = packet.ip?.version === 6 ? type === 128 || type === 129 : type === 0 || type === 8;
  packet.icmp = { type, code };
  if (echo && bytes.length >= 8) {
    packet.icmp.id = bytes.readUInt16BE(4);
    packet.icmp.seq = bytes.readUInt16BE(6);
  }
  packet.carry(bytes.subarray(4), Math.max(0, payloadLength - 4));
}
