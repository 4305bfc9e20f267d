import { ipText, macText } from './text.js';

/** ARP for IPv4 over Ethernet. */
export interface Arp {
  /** 1 request, 2 reply. */
  operation: number;
  senderMac: string;
  senderIp: string;
  targetMac: string;
  targetIp: string;
}

/** undefined: too short, or for other networks than IPv4 over Ethernet. */
export function decodeArp(bytes: Buffer): Arp | undefined {
  if (bytes.length < 28 || bytes.readUInt32BE(0) !== 0x00010800 || bytes.readUInt16BE(4) !== 0x0604) return undefined;
  return {
    operation: bytes.readUInt16BE(6),
    senderMac: macText(bytes, 8),
    senderIp: ipText(bytes, 14),
    targetMac: macText(bytes, 18),
    targetIp: ipText(bytes, 24),
  };
}
