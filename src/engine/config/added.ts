import { join } from 'node:path';
import { readJson, writeFileAtomic } from '../state/atomic-file.js';
import { checkConfig } from './check.js';
import type { LabConfig, MachineConfig } from './lab-config.js';

/**
 * Machines that lab.yaml does not declare: added by command, kept in the lab's state, and from then on like any other. What
 * lab.yaml declares wins: an added machine that does not go with it any more is left out.
 */
export async function withAddedMachines(config: LabConfig, labDirectory: string): Promise<LabConfig> {
  const added = (await readJson(addedFile(labDirectory), isMachines)) ?? [];
  const machines = [...config.machines];
  for (const machine of added) {
    const candidate = {
      ...config,
      machines: [...machines, { ...machine, role: 'node' as const, added: true as const }],
    };
    if (checkConfig(candidate).length === 0) machines.push(candidate.machines.at(-1) as MachineConfig);
  }
  return { ...config, machines };
}

/** Keeps those machines of the lab that were added. */
export async function saveAddedMachines(config: LabConfig, labDirectory: string): Promise<void> {
  const added = config.machines.filter((machine) => machine.added === true);
  await writeFileAtomic(addedFile(labDirectory), `${JSON.stringify(added, null, 1)}\n`);
}

function addedFile(labDirectory: string): string {
  return join(labDirectory, 'added-machines.json');
}

function isMachines(value: unknown): value is MachineConfig[] {
  return Array.isArray(value) && value.every(isMachine);
}

function isMachine(value: unknown): value is MachineConfig {
  const { name, mac, serial, memory, cpus, disk } = (value ?? {}) as Partial<Record<string, unknown>>;
  return (
    isMachineName(name) &&
    typeof mac === 'string' &&
    /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) &&
    typeof serial === 'string' &&
    /^[0-9a-z][0-9a-z-]{0,63}$/.test(serial) &&
    [memory, cpus, disk].every((number) => Number.isSafeInteger(number) && (number as number) > 0)
  );
}

/** What a machine may be called; `host` is this computer in lessons. */
export function isMachineName(name: unknown): name is string {
  return typeof name === 'string' && /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name) && name !== 'host';
}
