import { ARCHITECTURES, IPXE_FEATURES } from './dhcp-names.js';
import { ipText, macText, printable, zeroEnded } from './text.js';

export type DhcpType = 'discover' | 'offer' | 'request' | 'decline' | 'ack' | 'nak' | 'release' | 'inform' | 'bootp';

/** A DHCP message, as far as booting machines use it. Numbers in comments are those of options. */
export interface Dhcp {
  /** 53; `bootp`: there was none. */
  type: DhcpType;
  /** true: from a server. */
  reply: boolean;
  xid: number;
  /** Of the client. */
  mac: string;
  /** Addresses that are 0.0.0.0 are left out: the client's own, the one that is given, and the next server to boot from. */
  clientIp?: string;
  yourIp?: string;
  nextServer?: string;
  relay?: string;
  /** 1, 3, 6 */
  mask?: string;
  router?: string;
  dns?: string[];
  /** 12, 15 */
  hostName?: string;
  domain?: string;
  /** 50, 51 (seconds), 54, 56 */
  requested?: string;
  lease?: number;
  server?: string;
  message?: string;
  /** 55: the options that the client asks for. */
  wants?: number[];
  /** 60, e.g. PXEClient:Arch:00000:UNDI:002001; 61 as hex; 66 or the sname field. */
  vendorClass?: string;
  clientId?: string;
  serverName?: string;
  /** 67 or the file field. */
  bootFile?: string;
  /** 77, e.g. iPXE */
  userClass?: string;
  /** 93, named */
  architecture?: string;
  /** 97 */
  uuid?: string;
  /** 175: what this iPXE can do, e.g. http, bzimage. */
  ipxe?: { features: string[]; version?: string };
}

const TYPES: readonly DhcpType[] = ['discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'];
const COOKIE = 0x63825363;
const FIXED = 236;
const MOST_OPTIONS = 256;

/** undefined: this is no DHCP message. */
export function decodeDhcp(bytes: Buffer): Dhcp | undefined {
  if (bytes.length < FIXED || (bytes[0] !== 1 && bytes[0] !== 2)) return undefined;
  const options = new Map<number, Buffer>();
  if (bytes.length >= FIXED + 4 && bytes.readUInt32BE(FIXED) === COOKIE) {
    collect(bytes.subarray(FIXED + 4), options);
    // 52: the fields sname and file hold options too.
    const overload = options.get(52)?.[0] ?? 0;
    if ((overload & 1) !== 0) collect(bytes.subarray(108, FIXED), options);
    if ((overload & 2) !== 0) collect(bytes.subarray(44, 108), options);
  }
  const overload = options.get(52)?.[0] ?? 0;
  const dhcp: Dhcp = {
    type: TYPES[(options.get(53)?.[0] ?? 0) - 1] ?? 'bootp',
    reply: bytes[0] === 2,
    xid: bytes.readUInt32BE(4),
    mac: macText(bytes, 28),
  };
  address(bytes, 12, (ip) => (dhcp.clientIp = ip));
  address(bytes, 16, (ip) => (dhcp.yourIp = ip));
  address(bytes, 20, (ip) => (dhcp.nextServer = ip));
  address(bytes, 24, (ip) => (dhcp.relay = ip));
  const serverName = (overload & 2) === 0 ? zeroEnded(bytes.subarray(44, 108)) : '';
  const bootFile = (overload & 1) === 0 ? zeroEnded(bytes.subarray(108, FIXED)) : '';
  if (serverName !== '') dhcp.serverName = serverName;
  if (bootFile !== '') dhcp.bootFile = bootFile;
  readOptions(dhcp, options);
  return dhcp;
}

/** Does the firmware (or an iPXE in its place) ask, rather than an operating system? */
export function isPxe(dhcp: Dhcp): boolean {
  return dhcp.vendorClass?.startsWith('PXEClient') === true || dhcp.ipxe !== undefined || dhcp.userClass === 'iPXE';
}

function address(bytes: Buffer, at: number, take: (ip: string) => void): void {
  if (bytes.readUInt32BE(at) !== 0) take(ipText(bytes, at));
}

/** An option that comes again goes on where it left off (RFC 3396). */
function collect(bytes: Buffer, into: Map<number, Buffer>): void {
  let at = 0;
  for (let count = 0; count < MOST_OPTIONS && at < bytes.length; count++) {
    const code = bytes[at] as number;
    at += 1;
    if (code === 255) return;
    if (code === 0) continue;
    const end = at + 1 + (bytes[at] ?? 0);
    if (end > bytes.length) return;
    const value = bytes.subarray(at + 1, end);
    const before = into.get(code);
    into.set(code, before === undefined ? value : Buffer.concat([before, value]));
    at = end;
  }
}

function readOptions(dhcp: Dhcp, options: Map<number, Buffer>): void {
  const text = (code: number, take: (value: string) => void, longest = 255) => {
    const value = options.get(code);
    if (value !== undefined && value.length > 0) take(zeroEnded(value, longest));
  };
  const ip = (code: number, take: (value: string) => void) => {
    const value = options.get(code);
    if (value !== undefined && value.length >= 4) take(ipText(value, 0));
  };
  ip(1, (value) => (dhcp.mask = value));
  ip(3, (value) => (dhcp.router = value));
  const dns = options.get(6);
  if (dns !== undefined && dns.length >= 4) {
    dhcp.dns = Array.from({ length: Math.min(4, dns.length >> 2) }, (_, index) => ipText(dns, 4 * index));
  }
  text(12, (value) => (dhcp.hostName = value));
  text(15, (value) => (dhcp.domain = value));
  ip(50, (value) => (dhcp.requested = value));
  const lease = options.get(51);
  if (lease !== undefined && lease.length >= 4) dhcp.lease = lease.readUInt32BE(0);
  ip(54, (value) => (dhcp.server = value));
  const wants = options.get(55);
  if (wants !== undefined) dhcp.wants = [...wants];
  text(56, (value) => (dhcp.message = value));
  text(60, (value) => (dhcp.vendorClass = value));
  const id = options.get(61);
  if (id !== undefined) dhcp.clientId = id.subarray(0, 64).toString('hex');
  text(66, (value) => (dhcp.serverName = value));
  text(67, (value) => (dhcp.bootFile = value), 1024);
  const user = options.get(77);
  if (user !== undefined) dhcp.userClass = userClass(user);
  const architecture = options.get(93);
  if (architecture !== undefined && architecture.length >= 2) {
    const number = architecture.readUInt16BE(0);
    dhcp.architecture = ARCHITECTURES[number] ?? `architecture ${number}`;
  }
  const uuid = options.get(97);
  if (uuid !== undefined && uuid.length >= 17) dhcp.uuid = uuidText(uuid.subarray(1, 17));
  const ipxe = options.get(175);
  if (ipxe !== undefined) dhcp.ipxe = ipxeOptions(ipxe);
}

/** RFC 3004 puts a length before each class; iPXE sends the bare name. */
function userClass(bytes: Buffer): string {
  const length = bytes[0] ?? 0;
  return printable(length > 0 && length < 0x20 && length <= bytes.length - 1 ? bytes.subarray(1, 1 + length) : bytes);
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function ipxeOptions(bytes: Buffer): { features: string[]; version?: string } {
  const options = new Map<number, Buffer>();
  collect(bytes, options);
  const version = options.get(235);
  return {
    features: [...options.keys()].map((code) => IPXE_FEATURES[code]).filter((name) => name !== undefined),
    ...(version === undefined ? {} : { version: [...version].join('.') }),
  };
}
