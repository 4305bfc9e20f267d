import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../errors.js';
import type { EventSink, PowerState } from '../events.js';
import type { Timings } from '../state/timings.js';

export interface WaitOptions {
  /** Unique among the waits under way. */
  id: string;
  /** e.g. `core-provisioner: waiting for ssh`. */
  label: string;
  /** The label with what is known by now; told again whenever it changes. Default: `label`. */
  labelNow?: () => string;
  /** Key under which the duration is remembered, as far as is known by now; undefined = not remembered. */
  timing?: () => string;
  timeout: number;
  /** Milliseconds between looks. */
  interval: number;
  signal?: AbortSignal | undefined;
  /** True when the wait is over; throws when it cannot end well any more. */
  look(): Promise<boolean>;
  /** The error when the time is up. */
  late(): Promise<LabError>;
}

/** Waits for a condition, with a `wait` event when it begins and when it ends, and the usual time of such a wait. */
export async function waitFor(events: EventSink, timings: Timings, options: WaitOptions): Promise<void> {
  const { id, label, timing, timeout, interval, signal } = options;
  const since = Date.now();
  const now = () => {
    const usual = timing === undefined ? undefined : timings.usual(timing());
    return { label: options.labelNow?.() ?? label, ...(usual === undefined ? {} : { usual }) };
  };
  const base = { type: 'wait', id, since } as const;
  let told = now();
  events.emit({ ...base, ...told });
  let ok = false;
  try {
    while (!(await options.look())) {
      signal?.throwIfAborted();
      const known = now();
      if (known.label !== told.label || known.usual !== told.usual) events.emit({ ...base, ...known });
      told = known;
      if (Date.now() - since > timeout) throw await options.late();
      await sleep(interval, undefined, signal === undefined ? {} : { signal });
    }
    ok = true;
    if (timing !== undefined) await timings.record(timing(), Date.now() - since);
  } catch (error) {
    // What Node's timer throws says less than the reason of the abort.
    signal?.throwIfAborted();
    throw error;
  } finally {
    events.emit({ ...base, ...told, label, done: true, ok });
  }
}

/** A machine that went off while something was waited for on it. */
export function stoppedMeanwhile(machine: string, state: PowerState, evidence: string[]): LabError {
  return new LabError({
    code: 'MACHINE_STOPPED',
    message: `${machine} is ${state === 'aborted' ? 'gone: its hypervisor process ended' : 'off'}, so there is nothing to wait for.`,
    remedy: [`Start it again: coreos-lab up ${machine}`],
    machine,
    evidence,
  });
}
