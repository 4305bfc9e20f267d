import type { ActionRef } from '../../engine/events.js';

/** File name of an action's output: `<lesson>.<step>.<attempt>.<action>.log`; ids hold no dots and no slashes. */
export function outputName({ lesson, step, attempt, action }: ActionRef): string {
  const safe = (id: string) => id.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64);
  return `${safe(lesson)}.${safe(step)}.${attempt}.${safe(action)}.log`;
}
