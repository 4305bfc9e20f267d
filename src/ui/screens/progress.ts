import type { Lesson } from '../../steps/lesson.js';
import type { StepStatus } from '../state/event-types.js';
import { type LabState, stepKey } from '../state/lab-state.js';
import { glyph, type Theme } from '../theme/theme.js';

/** A step's state as glyph and as word. */
export function stepMark(status: StepStatus | undefined, theme: Theme): string {
  switch (status) {
    case undefined:
      return theme.paint('dim', glyph.todo);
    case 'started':
      return theme.paint('accent', glyph.now);
    case 'passed':
      return theme.paint('ok', glyph.ok);
    case 'failed':
      return theme.paint('bad', glyph.bad);
    case 'cancelled':
    case 'interrupted':
      return theme.paint('warn', glyph.pause);
    case 'skipped':
      return theme.paint('dim', glyph.skip);
  }
}

export function stepWord(status: StepStatus | undefined): string {
  if (status === undefined) return '';
  return status === 'started' ? 'running' : status === 'passed' ? 'done' : status;
}

export interface LessonProgress {
  done: number;
  total: number;
  /** The first step that did not end well, and how it ended. */
  trouble?: { index: number; status: StepStatus };
  begun: boolean;
}

export function lessonProgress(lesson: Lesson, lab: LabState): LessonProgress {
  const statuses = lesson.steps.map(({ id }) => lab.steps[stepKey(lesson.id, id)]?.status);
  const index = statuses.findIndex(
    (status) => status === 'failed' || status === 'interrupted' || status === 'cancelled',
  );
  const status = statuses[index];
  return {
    done: statuses.filter((each) => each === 'passed' || each === 'skipped').length,
    total: lesson.steps.length,
    begun: statuses.some((each) => each !== undefined),
    ...(status === undefined ? {} : { trouble: { index, status } }),
  };
}
