import type { LabConfig } from '../config/lab-config.js';
import type { Packet } from './decode/packet.js';

/** A lab's machine, as the wire knows it. */
export interface WireMachine {
  name: string;
  role: 'provisioner' | 'node';
  mac: string;
  ip?: string;
}

/** A guest that invents addresses must not eat memory. */
const MOST = 2048;

/** Who is who on the private network: machines by MAC from the lab's file, addresses as DHCP and ARP tell them. */
export class Names {
  #byMac = new Map<string, WireMachine>();
  /** Length of the list when it was last looked at. */
  #known = -1;
  /** MAC by IP. */
  readonly #owners = new Map<string, string>();
  readonly provisioner: WireMachine | undefined;

  /** Machines may be added to the list and taken from it later. */
  constructor(private readonly machines: readonly WireMachine[]) {
    this.provisioner = machines.find(({ role }) => role === 'provisioner');
  }

  learn(ip: string, mac: string): void {
    if (ip === '0.0.0.0' || this.#owners.get(ip) === mac) return;
    if (this.#owners.size >= MOST && !this.#owners.has(ip)) return;
    this.#owners.set(ip, mac);
  }

  machine(mac: string): string | undefined {
    this.#look();
    return this.#byMac.get(mac)?.name;
  }

  /** Name of a card's machine; what is none of the lab's is called unknown. */
  card(mac: string): string {
    if (isGroup(mac)) return 'all';
    return this.machine(mac) ?? `unknown ${mac}`;
  }

  /** Name of an address's machine, or the address. */
  address(ip: string): string {
    this.#look();
    const mac = this.#owners.get(ip);
    return (mac === undefined ? undefined : this.machine(mac)) ?? ip;
  }

  /** Who sent a packet. */
  sender(packet: Packet): string {
    return this.party(packet.from, packet.ip?.from);
  }

  receiver(packet: Packet): string {
    return this.party(packet.to, packet.ip?.to);
  }

  /** Name of the machine with this card; what the card's machine only forwarded goes by its address. */
  party(mac: string, ip: string | undefined): string {
    if (ip === undefined) return this.card(mac);
    if (isGroup(mac)) return 'all';
    this.#look();
    const owner = this.#owners.get(ip);
    const forwarded = owner !== undefined ? owner !== mac : this.#isRouter(mac) && !isUnset(ip);
    return forwarded ? this.address(ip) : this.card(mac);
  }

  #look(): void {
    if (this.#known === this.machines.length) return;
    this.#known = this.machines.length;
    this.#byMac = new Map(this.machines.map((machine) => [machine.mac.toLowerCase(), machine]));
    for (const { mac, ip } of this.machines) if (ip !== undefined) this.learn(ip, mac.toLowerCase());
  }

  /** The provisioner is the gateway: addresses that nobody here has are behind it. */
  #isRouter(mac: string): boolean {
    return mac === this.provisioner?.mac.toLowerCase();
  }
}

/** The list itself, which changes as machines are added to the lab and removed. */
export function wireMachines(config: LabConfig): readonly WireMachine[] {
  return config.machines;
}

const isGroup = (mac: string) => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
const isUnset = (ip: string) => ip === '0.0.0.0' || ip === '::' || ip.startsWith('fe80:');

/** What the first bytes of a MAC say about whose card it is. */
export function cardVendor(mac: string): string {
  const known: Record<string, string> = {
    '52:54:00': "QEMU's",
    '08:00:27': "VirtualBox's",
    '00:0c:29': "VMware's",
    '00:50:56': "VMware's",
    '00:15:5d': "Hyper-V's",
    '00:16:3e': "Xen's",
    '02:42:ac': "a container's",
  };
  const vendor = known[mac.slice(0, 8)];
  if (vendor !== undefined) return `its MAC is of ${vendor} range`;
  return (Number.parseInt(mac.slice(0, 2), 16) & 2) !== 0
    ? 'its MAC was made up by software'
    : 'its MAC is of a hardware maker';
}
