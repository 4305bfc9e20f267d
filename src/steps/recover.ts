import type { EventSink, LabEvent } from '../engine/events.js';

/**
 * Ends in the journal what a killed session left open: every attempt that was begun and never ended gets a `step` event
 * `interrupted`, once, and its actions that were running `cancelled`. Returns the last attempt's number of each step, by
 * `lesson/step`.
 */
export function recoverAttempts(history: Iterable<LabEvent>, events: EventSink | undefined): Map<string, number> {
  const attempts = new Map<string, number>();
  const steps = new Map<string, Extract<LabEvent, { type: 'step' }>>();
  const actions = new Map<string, Extract<LabEvent, { type: 'action' }>>();
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
  for (const { lesson, step, attempt, action, executor, on } of actions.values()) {
    const place = on === undefined ? {} : { on };
    events?.emit({ type: 'action', status: 'cancelled', lesson, step, attempt, action, executor, ...place });
  }
  for (const { lesson, step, attempt } of steps.values()) {
    events?.emit({ type: 'step', status: 'interrupted', lesson, step, attempt });
  }
  return attempts;
}
