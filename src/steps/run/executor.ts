import type { EventBus } from '../../engine/events.js';
import type { Exec } from '../../engine/exec.js';
import type { Lab } from '../../engine/lab.js';
import type { Action } from '../lesson.js';
import type { TapTest } from './tap.js';

/** What an executor gets to run one action once. */
export interface ExecutorContext {
  lab: Lab;
  exec: Exec;
  events: EventBus;
  action: Action;
  /** Variables of the lab for scripts. */
  env: Record<string, string>;
  /** Factor for waiting times. */
  slowness: number;
  /** Aborted on cancel and time-out: everything that runs is then to end, and the promise to reject. */
  signal: AbortSignal;
  /** Takes output; UTF-8 is expected, anything is accepted. */
  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  /** Takes one test of a check. */
  check(test: TapTest): void;
}

export interface ExecutorResult {
  exitCode?: number;
  /** One sentence; undefined = passed. */
  fault?: { code: string; message: string; why?: string; remedy?: string[] };
}

/** Runs one action once. Resolves when it passed or failed by itself, rejects with LabError or the signal's reason. */
export type Executor = (context: ExecutorContext) => Promise<ExecutorResult>;

/** `on core-01`, `on this computer`, or nothing for `lab` blocks. */
export function place({ on }: Action): string {
  if (on === undefined) return '';
  return on === 'host' ? ' on this computer' : ` on ${on}`;
}
