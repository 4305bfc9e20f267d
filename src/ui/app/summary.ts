import { join } from 'node:path';
import type { UiOptions, UiResult } from '../options.js';
import { lessonProgress } from '../screens/progress.js';
import type { LabState } from '../state/lab-state.js';
import { isUp } from '../state/reduce-machines.js';

/** What is worth knowing on the normal screen after the full screen is gone: what was done, where logs are, what still runs. */
export function summaryLines({ workshop }: UiOptions, lab: LabState, result: UiResult): string[] {
  const lessons = workshop.lessons
    .map((lesson) => ({ lesson, progress: lessonProgress(lesson, lab) }))
    .filter(({ progress }) => progress.begun)
    .map(({ lesson, progress }) => `${lesson.title}: ${progress.done} of ${progress.total} steps done`);
  const up = lab.machines.filter(({ state }) => isUp(state)).map(({ name }) => name);
  const background = workshop.background();
  return [
    ...lessons,
    ...(lessons.length > 0 ? [`Logs: ${join(workshop.lab.directory, 'runs')}`] : []),
    ...(background.length > 0 ? [`Ended with the screen: ${background.join(', ')}`] : []),
    ...(up.length > 0 && result.machines === 'leave'
      ? [`Still running: ${up.join(', ')}. Stop with: coreos-lab halt`]
      : []),
  ];
}
