import type { Arp } from './arp.js';
import { macText } from './text.js';

const EMPTY = Buffer.alloc(0);
const NOBODY = '00:00:00:00:00:00';

/** Which way an IP packet goes, and what of it is here. */
export interface Ip {
  version: 4 | 6;
  from: string;
  to: string;
  /** 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6. */
  protocol: number;
  ttl: number;
  /** Address as four characters, to be compared quickly; only IPv4 has it. */
  key?(at: 12 | 16): string;
  /** Set when this is one of several pieces; `offset` in bytes. Only the first one has the ports. */
  fragment?: { offset: number; more: boolean };
}

export interface Tcp {
  from: number;
  to: number;
  seq: number;
  ack: number;
  syn: boolean;
  fin: boolean;
  rst: boolean;
  acks: boolean;
  push: boolean;
  window: number;
}

export interface Udp {
  from: number;
  to: number;
}

export interface Icmp {
  type: number;
  code: number;
  /** Of echo requests and replies. */
  id?: number;
  seq?: number;
}

/** One frame, down to the transport. What it carries beyond is decoded by who knows the conversation. */
export class Packet {
  /** Type of what is in the frame; a length for 802.3. */
  type = 0;
  vlan?: number;
  arp?: Arp;
  ip?: Ip;
  tcp?: Tcp;
  udp?: Udp;
  icmp?: Icmp;
  /** What the innermost header carries, as far as it was recorded. */
  payload: Buffer = EMPTY;
  /** Its length by the headers, which is more when only the beginning was recorded. */
  payloadLength = 0;
  /** What is wrong with it. */
  malformed?: string;

  constructor(private readonly frame: Buffer) {}

  /** MAC address of the sender, aa:bb:cc:dd:ee:ff. */
  get from(): string {
    return this.frame.length < 14 ? NOBODY : macText(this.frame, 6);
  }

  get to(): string {
    return this.frame.length < 14 ? NOBODY : macText(this.frame, 0);
  }

  /** Goes one header deeper: what it carries is `length` bytes, of which `bytes` were recorded; padding is cut off. */
  carry(bytes: Buffer, length: number): void {
    this.payload = bytes.length > length ? bytes.subarray(0, length) : bytes;
    this.payloadLength = length;
  }

  /** Address and port of both ends of a TCP connection, short and in no particular form: to tell connections apart. */
  ends(): [from: string, to: string] {
    const { ip, tcp } = this;
    const port = (value = 0) => String.fromCharCode(value);
    if (ip?.key !== undefined) return [ip.key(12) + port(tcp?.from), ip.key(16) + port(tcp?.to)];
    return [`${ip?.from} ${tcp?.from}`, `${ip?.to} ${tcp?.to}`];
  }
}
