import type { Arp } from './decode/arp.js';
import type { Dhcp } from './decode/dhcp.js';
import type { Dns } from './decode/dns.js';
import type { Omaha } from './decode/omaha.js';
import type { Packet } from './decode/packet.js';
import type { FrameRef } from './pcap-parser.js';

/** One end of a conversation. */
export interface Party {
  mac: string;
  ip: string;
  port: number;
}

/** A file that goes over TFTP. One object for the whole transfer; it changes while frames come. */
export interface TftpTransfer {
  id: number;
  client: Party;
  server: Party;
  write: boolean;
  file: string;
  /** As the server said (tsize). */
  size?: number;
  blockSize: number;
  /** Bytes that were sent so far. */
  done: number;
  state: 'asked' | 'sending' | 'done' | 'error';
  error?: string;
  started: number;
  ended?: number;
}

/** A request over HTTP with its response. One object; it changes while frames come. */
export interface HttpExchange {
  id: number;
  client: Party;
  server: Party;
  method: string;
  target: string;
  host?: string;
  agent?: string;
  status?: number;
  reason?: string;
  /** Of the body. */
  size?: number;
  /** Bytes of the body so far. */
  done: number;
  /** What is said in Omaha, as far as it came; only in talks with an update server. */
  omaha?: Omaha;
  /** `cut`: the connection ended before the body did. */
  state: 'asked' | 'answering' | 'done' | 'cut';
  started: number;
  ended?: number;
}

/** A TCP connection. One object; it changes while frames come. */
export interface TcpConnection {
  id: number;
  client: Party;
  server: Party;
  state: 'opening' | 'open' | 'refused' | 'closed' | 'reset';
  /** Bytes that each side sent. */
  up: number;
  down: number;
  /** Carries HTTP, which is told as such. */
  http: boolean;
  started: number;
  ended?: number;
}

/** What a frame means in its conversation. Times in all of these are microseconds since the epoch. */
export type Happening = { packet: Packet; ref: FrameRef } & (
  | { kind: 'arp'; arp: Arp }
  | { kind: 'dhcp'; dhcp: Dhcp }
  | { kind: 'tftp'; transfer: TftpTransfer }
  | { kind: 'http'; exchange: HttpExchange }
  | { kind: 'dns'; dns: Dns }
  | { kind: 'tcp'; connection: TcpConnection }
  /** Anything else: ICMP, other UDP, IPv6's own messages, unknown types, what is malformed. */
  | { kind: 'other' }
);

export type HappeningSink = (happening: Happening) => void;
