import type { Command } from 'commander';
import type { LabConfig } from '../engine/config/lab-config.js';
import { type Composed, compose } from './compose.js';
import { cancelOnSignals } from './interrupt.js';

/** Options that every command takes. */
export interface GlobalOptions {
  lab?: string;
  provider?: LabConfig['provider'];
  debug?: boolean;
  color?: boolean;
}

export interface Context extends Composed {
  signal: AbortSignal;
}

export function globals(command: Command): GlobalOptions {
  return command.optsWithGlobals() as GlobalOptions;
}

/**
 * Composes the lab for one command and takes it apart again, whatever happens. `lock`: the command changes the lab. Events are shown
 * as plain lines on stderr when `report` is set.
 */
export async function withLab<T>(
  command: Command,
  options: { lock?: boolean; report?: boolean },
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const { lab: labFile, provider, color } = globals(command);
  const parts = await compose({ labFile, provider, lock: options.lock ? commandLine(command) : undefined });
  const { signal, stop } = cancelOnSignals();
  try {
    if (options.report) {
      const { createReporter } = await import('./reporter.js');
      parts.bus.subscribe(createReporter(process.stderr, { color: color !== false }));
    }
    return await work({ ...parts, signal });
  } finally {
    stop();
    await parts.close();
  }
}

function commandLine(command: Command): string {
  return ['coreos-lab', command.name(), ...command.args].join(' ');
}
