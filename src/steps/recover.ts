import type { EventSink, LabEvent } from '../engine/events.js';

export type OpenStep = Extract<LabEvent, { type: 'step' }>;
export type OpenAction = Extract<LabEvent, { type: 'action' }>;

/** What a history tells about attempts. */
export interface History {
  /** Number of the last attempt of each step, by `lesson/step`. */
  attempts: Map<string, number>;
  /** Begun and never ended. */
  openSteps: OpenStep[];
  openActions: OpenAction[];
}

export function readHistory(history: Iterable<LabEvent>): History {
  const attempts = new Map<string, number>();
  const steps = new Map<string, OpenStep>();
  const actions = new Map<string, OpenAction>();
  for (const event of history) {
    if (event.type !== 'step' && event.type !== 'action') continue;
    const step = `${event.lesson}/${event.step}`;
    attempts.set(step, Math.max(attempts.get(step) ?? 0, event.attempt));
    const id = `${step}/${event.attempt}`;
    if (event.type === 'step') {
      if (event.status === 'started') steps.set(id, event);
      else steps.delete(id);
    } else if (event.status === 'started' || event.status === 'background') actions.set(`${id}/${event.action}`, event);
    else actions.delete(`${id}/${event.action}`);
  }
  return { attempts, openSteps: [...steps.values()], openActions: [...actions.values()] };
}

/**
 * Ends in the journal what a killed session left open: every open attempt gets a `step` event `interrupted`, and its actions
 * that were running are `cancelled`. Done once, since nothing is open then.
 */
export function endOpenAttempts({ openSteps, openActions }: History, events: EventSink): void {
  for (const { lesson, step, attempt, action, executor, on } of openActions) {
    const place = on === undefined ? {} : { on };
    events.emit({ type: 'action', status: 'cancelled', lesson, step, attempt, action, executor, ...place });
  }
  for (const { lesson, step, attempt } of openSteps) {
    events.emit({ type: 'step', status: 'interrupted', lesson, step, attempt });
  }
}
