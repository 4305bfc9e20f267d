import type { FrameRef } from './pcap-parser.js';

export const PROTOCOLS = [
  'dhcp',
  'arp',
  'tftp',
  'http',
  'ignition',
  'dns',
  'etcd',
  'omaha',
  'ssh',
  'icmp',
  'ipv6',
  'tcp',
  'udp',
  'other',
] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** What a person reads: one thing that happened, of one frame or of thousands. It changes while its frames come. */
export interface WireLine {
  /** Counts up; lines are in its order. */
  id: number;
  /** Of the first and of the last frame; milliseconds since the epoch. */
  time: number;
  updated: number;
  from: string;
  to: string;
  /** Machines of the lab that take part, by name. */
  machines: readonly string[];
  protocol: Protocol;
  text: string;
  warning: boolean;
  /** Nothing of it goes on any more, as far as is known. */
  settled: boolean;
  frames: number;
  /** Of its first frames and of the last one. */
  refs: FrameRef[];
}

export interface WireFilter {
  /** Only what one of these takes part in; empty: any. */
  machines: readonly string[];
  protocols: readonly Protocol[];
  /** Only lines with this text, whatever the case. */
  text: string;
}

export const noFilter: WireFilter = { machines: [], protocols: [], text: '' };

export function matches(line: WireLine, { machines, protocols, text }: WireFilter): boolean {
  if (machines.length > 0 && !machines.some((name) => line.machines.includes(name))) return false;
  if (protocols.length > 0 && !protocols.includes(line.protocol)) return false;
  return text === '' || lineText(line).toLowerCase().includes(text.toLowerCase());
}

/** 14:03:11.204 in local time. */
export function clockOf(time: number): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, '0');
  const fraction = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction}`;
}

/** A line without its time: `core-01 → all  DHCP discover, PXE x86 BIOS, iPXE`. */
export function lineText(line: WireLine): string {
  return `${line.from} → ${line.to}  ${PROTOCOL_NAMES[line.protocol]} ${line.text}`;
}

export const PROTOCOL_NAMES: Record<Protocol, string> = {
  dhcp: 'DHCP',
  arp: 'ARP',
  tftp: 'TFTP',
  http: 'HTTP',
  ignition: 'Ignition',
  dns: 'DNS',
  etcd: 'etcd',
  omaha: 'Omaha',
  ssh: 'ssh',
  icmp: 'ICMP',
  ipv6: 'IPv6',
  tcp: 'TCP',
  udp: 'UDP',
  other: 'other',
};
