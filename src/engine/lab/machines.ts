import type { LabConfig, MachineConfig } from '../config/lab-config.js';
import { didYouMean } from '../did-you-mean.js';
import { LabError } from '../errors.js';

/** The machines of these names, in the lab's order; all of them for an empty list. Throws LabError UNKNOWN_MACHINE (exit code 2). */
export function selectMachines(config: LabConfig, names: readonly string[]): MachineConfig[] {
  for (const name of names) machineNamed(config, name);
  return names.length === 0 ? config.machines : config.machines.filter(({ name }) => names.includes(name));
}

export function machineNamed(config: LabConfig, name: string): MachineConfig {
  const machine = config.machines.find((candidate) => candidate.name === name);
  if (machine !== undefined) return machine;
  const names = config.machines.map((candidate) => candidate.name);
  const meant = didYouMean(name, names);
  throw new LabError({
    code: 'UNKNOWN_MACHINE',
    message: `There is no machine ${name} in the lab ${config.name}.`,
    remedy: [meant === undefined ? `Its machines are ${names.join(', ')}.` : `Did you mean ${meant}?`],
    exitCode: 2,
  });
}

/** The one machine that comes with an operating system. */
export function provisionerOf(config: LabConfig): MachineConfig {
  const machine = config.machines.find(({ role }) => role === 'provisioner');
  if (machine === undefined) throw new Error('a checked lab has a provisioner');
  return machine;
}
