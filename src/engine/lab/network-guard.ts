import type { EventSink } from '../events.js';

/** The private network beneath the provider: does it run, and starting it again. */
export interface PrivateNetwork {
  running(): Promise<boolean>;
  start(): Promise<void>;
}

/**
 * Starts the private network again when it is gone while machines run, and tells it. It has to be missing at two looks in a row: a
 * machine that is just being started or destroyed looks like that for a moment.
 */
export function guardNetwork(network: PrivateNetwork, events: EventSink): (machinesRun: boolean) => Promise<void> {
  let missing = 0;
  return async (machinesRun) => {
    missing = machinesRun && !(await network.running()) ? missing + 1 : 0;
    if (missing < 2) return;
    missing = 0;
    await network.start();
    const text = 'The switch of the private network had ended without being asked to. It was started again.';
    events.emit({ type: 'notice', level: 'warning', text });
  };
}
