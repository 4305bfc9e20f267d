import { decodePacket } from './decode/decode-packet.js';
import { type Dhcp, decodeDhcp } from './decode/dhcp.js';
import { DHCP_OPTIONS } from './decode/dhcp-names.js';
import { decodeDns } from './decode/dns.js';
import { decodeHttp } from './decode/http.js';
import { decodeOmaha } from './decode/omaha.js';
import type { Packet } from './decode/packet.js';
import type { Names } from './names.js';
import { omahaFields } from './omaha-fields.js';
import { arpText, dhcpText, dnsText, portText } from './words.js';

/** What is in a frame, layer by layer, as name and value. */
export function frameFields(frame: Buffer, length: number, names: Names): [name: string, value: string][] {
  const packet = decodePacket(frame, length);
  const { arp, ip, tcp, udp, icmp } = packet;
  const who = (mac: string) => (names.card(mac).includes(mac) ? names.card(mac) : `${mac} (${names.card(mac)})`);
  const fields: [string, string][] = [
    ['Ethernet', `${who(packet.from)} → ${who(packet.to)}, type 0x${packet.type.toString(16).padStart(4, '0')}`],
    ['length', frame.length < length ? `${length} bytes, of which ${frame.length} were recorded` : `${length} bytes`],
  ];
  if (packet.vlan !== undefined) fields.push(['VLAN', String(packet.vlan)]);
  if (packet.malformed !== undefined) fields.push(['damaged', packet.malformed]);
  if (arp !== undefined) fields.push(['ARP', arpText(arp, arp.operation === 2 ? arp.senderMac : undefined)]);
  if (ip !== undefined) fields.push([`IPv${ip.version}`, `${ip.from} → ${ip.to}, TTL ${ip.ttl}`]);
  if (ip?.fragment !== undefined) {
    fields.push(['piece', `from byte ${ip.fragment.offset}${ip.fragment.more ? ', more follow' : ', the last one'}`]);
  }
  if (icmp !== undefined) fields.push(['ICMP', `type ${icmp.type}, code ${icmp.code}`]);
  if (udp !== undefined) fields.push(['UDP', `${portText(udp.from)} → ${portText(udp.to)}`]);
  if (tcp !== undefined) {
    const flags = (['syn', 'acks', 'push', 'fin', 'rst'] as const)
      .filter((flag) => tcp[flag])
      .join(' ')
      .replace('acks', 'ack');
    fields.push(['TCP', `${portText(tcp.from)} → ${portText(tcp.to)}, ${flags}`]);
    fields.push(['stream', `seq ${tcp.seq}, ack ${tcp.ack}, window ${tcp.window}, ${packet.payloadLength} bytes`]);
  }
  return [...fields, ...applicationFields(packet)];
}

function applicationFields(packet: Packet): [string, string][] {
  const { udp, tcp, payload } = packet;
  if (tcp !== undefined) {
    const { request, response, headLength = 0 } = decodeHttp(payload) ?? {};
    const omaha = decodeOmaha(payload.subarray(headLength), { piece: true });
    const body = request ?? response;
    return present([
      ['HTTP', request && `${request.method} ${request.target}`],
      ['HTTP', response && `${response.status} ${response.reason}`],
      ['host', request?.host],
      ['agent', request?.agent],
      ['body', body?.contentLength === undefined ? undefined : `${body.contentLength} bytes`],
      ...(omaha === undefined ? [] : omahaFields(omaha)),
    ]);
  }
  if (udp === undefined) return [];
  const ports = [udp.from, udp.to];
  if (ports.includes(53)) {
    const dns = decodeDns(payload);
    return dns === undefined ? [] : [['DNS', dnsText(dns)]];
  }
  const dhcp = ports.includes(67) || ports.includes(68) ? decodeDhcp(payload) : undefined;
  return dhcp === undefined ? [] : dhcpFields(dhcp);
}

function dhcpFields(dhcp: Dhcp): [string, string][] {
  return present([
    ['DHCP', dhcpText(dhcp)],
    ['transaction', `0x${dhcp.xid.toString(16).padStart(8, '0')}, client ${dhcp.mac}`],
    ['server', dhcp.server],
    ['router', dhcp.router],
    ['DNS server', dhcp.dns?.join(', ')],
    ['next server', dhcp.nextServer],
    ['boot file', dhcp.bootFile],
    ['vendor class', dhcp.vendorClass],
    ['user class', dhcp.userClass],
    ['architecture', dhcp.architecture],
    ['UUID', dhcp.uuid],
    ['host name', dhcp.hostName],
    ['iPXE can', dhcp.ipxe?.features.join(' ')],
    ['asks for', dhcp.wants?.map((code) => DHCP_OPTIONS[code] ?? String(code)).join(', ')],
    ['message', dhcp.message],
  ]);
}

function present(fields: readonly [string, string | undefined][]): [string, string][] {
  return fields.filter((field): field is [string, string] => field[1] !== undefined && field[1] !== '');
}
