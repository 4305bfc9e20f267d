import type { Packet } from './decode/packet.js';
import type { Protocol } from './wire-line.js';
import { portText } from './words.js';

const ICMP4: Record<number, string> = {
  0: 'ping answered',
  3: 'unreachable',
  4: 'source quench',
  5: 'redirect',
  8: 'ping',
  11: 'time exceeded',
};
const UNREACHABLE: Record<number, string> = {
  0: 'network unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  4: 'too big, and must not be cut',
  13: 'forbidden by a filter',
};
const ICMP6: Record<number, string> = {
  1: 'unreachable',
  2: 'too big',
  3: 'time exceeded',
  128: 'ping',
  129: 'ping answered',
  130: 'multicast query',
  131: 'multicast report',
  132: 'multicast done',
  133: 'router solicitation (RS): is there a router?',
  134: 'router advertisement (RA)',
  135: 'neighbour solicitation (NS)',
  136: 'neighbour advertisement (NA)',
  143: 'multicast report',
};
const IP_PROTOCOLS: Record<number, string> = {
  2: 'IGMP',
  4: 'IP in IP',
  41: 'IPv6 in IPv4',
  47: 'GRE',
  50: 'ESP',
  89: 'OSPF',
  112: 'VRRP',
  132: 'SCTP',
};
const TYPES: Record<number, string> = {
  35020: 'LLDP',
  34915: 'PPPoE',
  34916: 'PPPoE',
  34978: 'AoE',
  35078: 'FCoE',
  35130: 'IEEE 1905',
};

/** What no conversation is followed of, named. `key`: what is the same thing again. */
export function otherText(packet: Packet): { protocol: Protocol; text: string; key: string } {
  const { ip, icmp, udp } = packet;
  const named = (protocol: Protocol, text: string) => ({ protocol, text, key: text });
  if (packet.malformed !== undefined) return named('other', `damaged frame: ${packet.malformed}`);
  if (ip === undefined) {
    if (packet.type < 0x600) return named('other', 'IEEE 802.3 frame');
    return named('other', TYPES[packet.type] ?? `type 0x${packet.type.toString(16).padStart(4, '0')}`);
  }
  if (ip.fragment !== undefined && ip.fragment.offset > 0) return named('other', `piece of an IP packet for ${ip.to}`);
  if (icmp !== undefined) {
    if (ip.version === 6) return named('ipv6', ICMP6[icmp.type] ?? `ICMPv6 type ${icmp.type}`);
    if (icmp.type === 0 || icmp.type === 8) return { ...named('icmp', `ping ${ip.to}`), key: `ping ${icmp.id}` };
    if (icmp.type === 3) return named('icmp', UNREACHABLE[icmp.code] ?? 'unreachable');
    return named('icmp', ICMP4[icmp.type] ?? `type ${icmp.type}`);
  }
  const version: Protocol | undefined = ip.version === 6 ? 'ipv6' : undefined;
  if (udp !== undefined) {
    if (ip.version === 6 && (udp.to === 547 || udp.to === 546)) return named('ipv6', 'DHCPv6');
    const port = Math.min(udp.from, udp.to);
    return { ...named(version ?? 'udp', portText(port)), key: `udp ${port}` };
  }
  return named(version ?? 'other', IP_PROTOCOLS[ip.protocol] ?? `IP protocol ${ip.protocol}`);
}
