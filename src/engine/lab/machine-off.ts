import { LabError } from '../errors.js';
import type { PowerState } from '../events.js';
import type { Provider } from '../providers/provider.js';
import { STATE_WORDS } from './status-table.js';

const SSH_TROUBLE: ReadonlySet<string> = new Set(['SSH_REFUSED', 'SSH_TIMEOUT', 'SSH_LOST']);
const OFF: ReadonlySet<PowerState> = new Set(['not_created', 'poweroff', 'aborted']);

/** Throws LabError MACHINE_NOT_CREATED or MACHINE_NOT_RUNNING for a machine that is known to be off. */
export async function refuseIfOff(provider: Provider, machine: string, cause?: LabError): Promise<void> {
  const states = await provider.states([machine]).catch(() => new Map<string, PowerState>());
  const state = states.get(machine);
  if (state === undefined || !OFF.has(state)) return;
  throw new LabError({
    code: state === 'not_created' ? 'MACHINE_NOT_CREATED' : 'MACHINE_NOT_RUNNING',
    message: `${machine} is not running (${STATE_WORDS[state]}), so nothing can be done on it.`,
    ...(cause?.code === 'SSH_LOST' ? { why: cause.message } : {}),
    remedy: [`Start it: coreos-lab up ${machine}`],
    machine,
    cause,
  });
}

/** Runs work over ssh; where that fails because the machine is off, the error says so instead of what ssh saw of it. */
export async function tellIfOff<T>(provider: Provider, machine: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LabError && SSH_TROUBLE.has(error.code)) await refuseIfOff(provider, machine, error);
    throw error;
  }
}
