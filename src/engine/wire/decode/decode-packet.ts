import { decodeArp } from './arp.js';
import { decodeIpv4, decodeIpv6 } from './ip.js';
import { Packet } from './packet.js';

const VLANS = new Set([0x8100, 0x88a8]);

/** Decodes a frame of which `frame` is the recorded beginning. Takes any bytes; what does not hold together is `malformed`. */
export function decodePacket(frame: Buffer, length = frame.length): Packet {
  const packet = new Packet(frame);
  if (frame.length < 14) {
    packet.malformed = 'too short';
    return packet;
  }
  packet.type = frame.readUInt16BE(12);
  let at = 14;
  for (let tags = 0; tags < 2 && VLANS.has(packet.type) && at + 4 <= frame.length; tags++) {
    packet.vlan = frame.readUInt16BE(at) & 0xfff;
    packet.type = frame.readUInt16BE(at + 2);
    at += 4;
  }
  packet.carry(frame.subarray(at), Math.max(0, length - at));
  if (packet.type === 0x0806) {
    const arp = decodeArp(packet.payload);
    if (arp === undefined) packet.malformed = 'ARP too short';
    else packet.arp = arp;
  } else if (packet.type === 0x0800) decodeIpv4(packet);
  else if (packet.type === 0x86dd) decodeIpv6(packet);
  return packet;
}
