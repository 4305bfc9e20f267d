import { createHash } from 'node:crypto';

/**
 * MAC of a machine's uplink card: 52:54:00 (locally administered, QEMU's usual prefix) and three bytes that follow from its
 * name and its private MAC. The same for ever, so that the network configuration written at first boot keeps matching.
 */
export function uplinkMac(machine: { name: string; mac: string }): string {
  const hash = createHash('sha256').update(`${machine.name} ${machine.mac.toLowerCase()} uplink`).digest('hex');
  return ['52', '54', '00', hash.slice(0, 2), hash.slice(2, 4), hash.slice(4, 6)].join(':');
}
