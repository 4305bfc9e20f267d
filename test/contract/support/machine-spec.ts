import { randomUUID } from 'node:crypto';
import type { MachineSpec } from '../../../src/engine/providers/provider.js';
import { freePort } from './free-port.js';

/** A small machine whose addresses come from the number at the end of its name; its disk holds `base` unless it is blank. */
export async function testSpec(
  name: string,
  base: string,
  { blank, sshPort }: { blank?: boolean; sshPort?: number } = {},
): Promise<MachineSpec> {
  const number = Number.parseInt(/\d+$/.exec(name)?.[0] ?? '0', 10);
  return {
    name,
    role: blank ? 'node' : 'provisioner',
    memoryMiB: 64,
    cpus: 1,
    disk: blank ? { sizeGiB: 1 } : { base, sizeGiB: 1 },
    privateNic: { mac: `08:00:27:00:00:${(16 + number).toString(16)}` },
    ...(blank
      ? {}
      : { uplink: { mac: `52:54:00:00:00:${(16 + number).toString(16)}`, sshPort: sshPort ?? (await freePort()) } }),
    serial: `serial-${name}`,
    uuid: randomUUID(),
    bootOrder: ['disk', 'net'],
  };
}
