import type { PowerState } from '../events.js';
import type { MachineStatus } from '../lab.js';

/** The words that Vagrant's users know. */
export const STATE_WORDS: Record<PowerState, string> = {
  not_created: 'not created',
  poweroff: 'powered off',
  starting: 'starting',
  running: 'running',
  paused: 'paused',
  stopping: 'stopping',
  aborted: 'aborted',
};

/** `core-01                   not created (qemu)`, a line a machine, with a sentence of advice where there is one to give. */
export function statusTable(machines: readonly MachineStatus[], provider: string): string {
  // Two spaces end a name: completion reads it off this table.
  const width = Math.max(26, ...machines.map(({ name }) => name.length + 2));
  const rows = machines.map(({ name, state }) => `${name.padEnd(width)}${STATE_WORDS[state]} (${provider})`);
  return ['Current machine states:', '', ...rows, ...advice(machines), ''].join('\n');
}

function advice(machines: readonly MachineStatus[]): string[] {
  const aborted = machines.filter(({ state }) => state === 'aborted').map(({ name }) => name);
  if (aborted.length === 0) return [];
  const names = aborted.join(', ');
  return ['', `${names} ended without being asked to. Start again with: coreos-lab up ${aborted.join(' ')}`];
}
