import { bytesText } from '../bytes-text.js';
import type { Arp } from './decode/arp.js';
import { type Dhcp, isPxe } from './decode/dhcp.js';
import { DNS_CODES, type Dns } from './decode/dns.js';
import type { HttpExchange, TcpConnection, TftpTransfer } from './happening.js';
import type { Names } from './names.js';

function secondsText(microseconds: number): string {
  const seconds = Math.max(0, microseconds) / 1_000_000;
  return seconds < 9.95 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

/** `62% of 97 MiB`, `97 MiB in 4.1 s`: how far something has come. */
export function transferText(
  part: { done: number; size?: number; started: number; ended?: number },
  finished: boolean,
): string {
  const { done, size, started, ended } = part;
  if (finished) {
    const took = (ended ?? started) - started;
    return took < 100_000 ? bytesText(done) : `${bytesText(done)} in ${secondsText(took)}`;
  }
  if (size === undefined || size === 0) return `${bytesText(done)} so far`;
  return `${Math.floor((done / size) * 100)}% of ${bytesText(size)}`;
}

export function dhcpText(dhcp: Dhcp): string {
  const parts: string[] = [];
  switch (dhcp.type) {
    case 'offer':
    case 'ack':
      parts.push(`${dhcp.type} ${dhcp.yourIp ?? dhcp.clientIp ?? ''}`.trimEnd());
      if (dhcp.bootFile !== undefined) parts.push(`boot ${dhcp.bootFile}${nextServer(dhcp)}`);
      if (dhcp.lease !== undefined) parts.push(`for ${leaseText(dhcp.lease)}`);
      break;
    case 'nak':
      parts.push(`nak${dhcp.message === undefined ? '' : `: ${dhcp.message}`}`);
      break;
    case 'request':
      parts.push(`request ${dhcp.requested ?? dhcp.clientIp ?? ''}`.trimEnd());
      if (dhcp.server !== undefined) parts.push(`from ${dhcp.server}`);
      break;
    case 'release':
      parts.push(`release ${dhcp.clientIp ?? ''}`.trimEnd());
      break;
    default:
      parts.push(dhcp.type);
  }
  if (!dhcp.reply) parts.push(...clientParts(dhcp));
  return parts.join(', ');
}

/** Who asks: the firmware and its kind, or a system with its name. */
function clientParts(dhcp: Dhcp): string[] {
  const parts: string[] = [];
  if (isPxe(dhcp)) parts.push(dhcp.architecture === undefined ? 'PXE' : `PXE ${dhcp.architecture}`);
  if (dhcp.ipxe !== undefined || dhcp.userClass === 'iPXE') parts.push('iPXE');
  else if (dhcp.userClass !== undefined) parts.push(dhcp.userClass);
  if (dhcp.hostName !== undefined) parts.push(`host name ${dhcp.hostName}`);
  return parts;
}

function nextServer({ bootFile, nextServer, server }: Dhcp): string {
  const elsewhere = nextServer !== undefined && nextServer !== server && !/^\w+:/.test(bootFile ?? '');
  return elsewhere ? ` from ${nextServer}` : '';
}

function leaseText(seconds: number): string {
  if (seconds === 0xffffffff) return 'ever';
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

export function arpText(arp: Arp, answered: string | undefined): string {
  if (arp.senderIp === arp.targetIp) return `${arp.senderIp} is mine`;
  if (arp.senderIp === '0.0.0.0') return `is ${arp.targetIp} free?${answered === undefined ? '' : ` no, ${answered}`}`;
  return `who has ${arp.targetIp}?${answered === undefined ? '' : ` ${answered}`}`;
}

export function tftpText(transfer: TftpTransfer): string {
  const verb = transfer.write ? 'write' : 'read';
  if (transfer.state === 'error') return `${verb} ${transfer.file}: ${transfer.error}`;
  if (transfer.state === 'asked') return `${verb} ${transfer.file}`;
  return `${verb} ${transfer.file} ${transferText(transfer, transfer.state === 'done')}`;
}

export function httpText(exchange: HttpExchange): string {
  const { status, state, reason = '', done, size } = exchange;
  const what = isIgnition(exchange) ? `for ${ignitionFor(exchange)}` : `${exchange.method} ${exchange.target}`;
  if (status === undefined) return state === 'cut' ? `${what}: no answer` : what;
  const code = status >= 400 ? `${status} ${reason}`.trimEnd() : `${status}`;
  const note = isBootComplete(exchange) && status < 300 ? ', boot complete' : '';
  if (state === 'cut') return `${what} ${code}, cut off at ${transferText({ ...exchange, done }, false)}`;
  if (status >= 400 || (state === 'done' && done === 0)) return `${what} ${code}${note}`;
  if (done === 0 && size === undefined) return `${what} ${code}`;
  return `${what} ${code} ${transferText(exchange, state === 'done')}${note}`;
}

/** The same while nothing of an exchange has changed that is told: its state, and its percentage or size in steps. */
export function progressMark({ state, status, done, size }: HttpExchange): string {
  const step = size === undefined || size === 0 ? Math.floor(done / 65536) : Math.floor((done / size) * 100);
  return `${state} ${status} ${step}`;
}

export const pathOf = ({ target }: HttpExchange) => target.replace(/^\w+:\/\/[^/]*/, '').replace(/[?#].*$/, '');
export const isIgnition = (exchange: HttpExchange) => /^\/ignition$|\.ign$/.test(pathOf(exchange));
export const isBootComplete = (exchange: HttpExchange) => /\/boot_complete$/.test(pathOf(exchange));

/** Mayu tells hosts apart by their serial. */
function ignitionFor(exchange: HttpExchange): string {
  const serial = /[?&]serial=([^&]*)/.exec(exchange.target)?.[1];
  return serial === undefined || serial === '' ? pathOf(exchange) : `serial ${serial}`;
}

export function dnsText(dns: Dns): string {
  const question = `${dns.type} ${dns.name}`;
  if (!dns.response) return `${question}?`;
  if (dns.code !== 0) return `${question}: ${DNS_CODES[dns.code] ?? `error ${dns.code}`}`;
  return `${question}: ${dns.answers.join(', ') || 'nothing'}`;
}

const PORTS: Record<number, string> = {
  22: 'ssh',
  53: 'DNS',
  67: 'DHCP server',
  68: 'DHCP client',
  69: 'TFTP',
  80: 'HTTP',
  123: 'NTP',
  443: 'HTTPS',
  2379: 'etcd client',
  2380: 'etcd peer',
  4080: 'Mayu API',
  4081: 'Mayu PXE',
  5353: 'mDNS',
  5355: 'LLMNR',
  8000: 'update server',
};
export const portText = (port: number) => (PORTS[port] === undefined ? `port ${port}` : `${PORTS[port]} (${port})`);

export function tcpText({ server, state, up, down }: TcpConnection, names: Names): string {
  if (server.port === 2380) {
    const peer = names.address(server.ip);
    if (state === 'opening') return `peer connects to ${peer}`;
    if (state === 'refused') return `peer ${peer} is not there yet`;
    return state === 'open' ? `peer connected to ${peer}` : `peer connection to ${peer} ${state}`;
  }
  const what = server.port === 2379 ? 'client connection' : portText(server.port);
  const bytes = up + down === 0 ? '' : `, ${bytesText(up)} sent, ${bytesText(down)} received`;
  return `${what} ${state}${state === 'opening' ? '' : bytes}`;
}
