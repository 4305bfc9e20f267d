import type { PowerState } from '../../engine/events.js';
import type { MachineStatus } from '../../engine/lab.js';

const WORDS: Record<PowerState, string> = {
  not_created: 'not created',
  poweroff: 'powered off',
  starting: 'starting',
  running: 'running',
  paused: 'paused',
  stopping: 'stopping',
  aborted: 'aborted',
};

export function stateWord(state: PowerState): string {
  return WORDS[state];
}

/** The table that Vagrant's users know, a line each: `core-01                   not created (qemu)`. */
export function statusTable(machines: readonly MachineStatus[], provider: string): string[] {
  const width = Math.max(25, ...machines.map(({ name }) => name.length)) + 1;
  return machines.map(({ name, state }) => `${name.padEnd(width)}${stateWord(state)} (${provider})`);
}
