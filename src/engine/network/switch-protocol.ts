import { join } from 'node:path';
import type { PortSpec } from './switch-core.js';
import type { PortStatistics } from './switch-port.js';

/** Control requests and answers are one line of JSON each; a connection may carry several, answered in order. */
export type SwitchRequest =
  | { command: 'ping' }
  | ({ command: 'add' } & PortSpec)
  | { command: 'remove'; name: string }
  | { command: 'link'; name: string; up: boolean }
  | { command: 'statistics' }
  /** Answered when all frames seen so far are in the capture file. */
  | { command: 'flush' }
  | { command: 'stop' };

export interface SwitchStatistics {
  pid: number;
  /** When it was started, milliseconds since the epoch. */
  started: number;
  /** Frames that are not in the capture although they were forwarded. */
  unrecorded: number;
  ports: PortStatistics[];
}

export type SwitchAnswer = { ok: true; pid: number; statistics?: SwitchStatistics } | { ok: false; error: string };

/** Files of the switch in the lab's runtime directory. */
export function switchFiles(runtimeDirectory: string): { control: string; pid: string; ports: string; log: string } {
  return {
    control: join(runtimeDirectory, 'switch.sock'),
    pid: join(runtimeDirectory, 'switch.pid'),
    ports: join(runtimeDirectory, 'switch-ports.json'),
    log: join(runtimeDirectory, 'switch.log'),
  };
}
