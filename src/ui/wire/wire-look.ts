import { noFilter, type Protocol, type WireFilter } from '../../engine/wire/wire-line.js';

/** Protocols that are looked at together, in the order of their key. */
export const PROTOCOL_GROUPS: readonly { name: string; protocols: readonly Protocol[] }[] = [
  { name: 'all', protocols: [] },
  { name: 'boot', protocols: ['dhcp', 'tftp', 'http', 'ignition'] },
  { name: 'DHCP', protocols: ['dhcp'] },
  { name: 'HTTP', protocols: ['http', 'ignition'] },
  { name: 'TFTP', protocols: ['tftp'] },
  { name: 'DNS', protocols: ['dns'] },
  { name: 'etcd', protocols: ['etcd'] },
  { name: 'Omaha', protocols: ['omaha'] },
  { name: 'ARP, ICMP', protocols: ['arp', 'icmp'] },
  { name: 'IPv6', protocols: ['ipv6'] },
  { name: 'other', protocols: ['ssh', 'tcp', 'udp', 'other'] },
];

/** How the wire is looked at. */
export interface WireLook {
  /** Only what this machine takes part in; undefined: everybody. */
  machine: string | undefined;
  /** Index into PROTOCOL_GROUPS. */
  group: number;
  /** One machine by itself: what it sent and got. */
  sequence: boolean;
  /** Number of the chosen line. */
  selected: number | undefined;
}

export const everything: WireLook = { machine: undefined, group: 0, sequence: false, selected: undefined };

export function filterOf({ machine, group }: WireLook): WireFilter {
  return {
    ...noFilter,
    machines: machine === undefined ? [] : [machine],
    protocols: PROTOCOL_GROUPS[group]?.protocols ?? [],
  };
}

/** What the title of the pane says: whose, which, how. */
export function lookText({ machine, group, sequence }: WireLook): string {
  const parts = [machine, group === 0 ? undefined : PROTOCOL_GROUPS[group]?.name, sequence ? 'sequence' : undefined];
  return parts.filter((part) => part !== undefined).join(', ');
}
