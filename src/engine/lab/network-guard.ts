import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSink } from '../events.js';

/** The private network beneath the provider: does it run, and starting it again. */
export interface PrivateNetwork {
  running(): Promise<boolean>;
  start(): Promise<void>;
}

export interface NetworkGuardParts {
  network: PrivateNetwork;
  events: EventSink;
  machinesRun(): Promise<boolean>;
  /** Milliseconds between two looks; default one second. */
  every?: number;
}

/**
 * Starts the private network again when it is gone while machines run, and tells it. It has to be missing at two looks in a row: a
 * machine that is just being started or destroyed looks like that for a moment.
 */
export class NetworkGuard {
  #holders = 0;
  #stop = new AbortController();

  constructor(private readonly parts: NetworkGuardParts) {}

  /** Looks after the network until the returned function is called; of several who want that each has to. */
  hold(): () => void {
    this.#holders++;
    if (this.#holders === 1) {
      this.#stop = new AbortController();
      void this.#look(this.#stop.signal);
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holders--;
      if (this.#holders === 0) this.#stop.abort();
    };
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { network, events, machinesRun, every = 1000 } = this.parts;
    let missing = 0;
    for (;;) {
      await sleep(every, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        missing = !(await network.running()) && (await machinesRun()) ? missing + 1 : 0;
        if (missing < 2 || signal.aborted) continue;
        missing = 0;
        await network.start();
        const text = 'The switch of the private network had ended without being asked to. It was started again.';
        events.emit({ type: 'notice', level: 'warning', text });
      } catch {
        // The next look tries again; commands say what is wrong.
      }
    }
  }
}
