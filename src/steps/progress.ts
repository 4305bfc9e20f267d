import type { Failure, LabEvent, StepStatus } from '../engine/events.js';
import type { Lesson } from './lesson.js';

export type ProgressStatus = 'not-started' | 'running' | Exclude<StepStatus, 'started'>;

export interface StepProgress {
  status: ProgressStatus;
  /** Number of the last attempt; 0 = none. */
  attempts: number;
  /** When the last attempt began, milliseconds since the epoch. */
  started?: number;
  /** Of the last attempt that ended, milliseconds. */
  duration?: number;
  /** Median of the attempts that passed, milliseconds. */
  usual?: number;
  failure?: Failure;
  /** Durations of the last attempts that passed, oldest first; those that only checked do not count. */
  passed: readonly number[];
  /** The last attempt did more than check. */
  worked?: boolean;
}

export interface LessonProgress {
  lesson: string;
  status: ProgressStatus;
  /** In the lesson's order. */
  steps: { step: string; progress: StepProgress }[];
  /** Steps that passed or were skipped. */
  done: number;
  total: number;
}

/** What became of every step that was ever begun, by `lesson/step`. */
export type Progress = ReadonlyMap<string, StepProgress>;

const NONE: StepProgress = { status: 'not-started', attempts: 0, passed: [] };
const REMEMBERED = 9;

export function emptyProgress(): Progress {
  return new Map();
}

/** The progress after an event; the same object when the event changes nothing. Pure. */
export function reduceProgress(progress: Progress, event: LabEvent): Progress {
  const after = next(progress, event);
  return after === undefined ? progress : new Map(progress).set(...after);
}

/** Folds a whole history. */
export function foldProgress(events: Iterable<LabEvent>): Progress {
  const progress = new Map<string, StepProgress>();
  for (const event of events) {
    const after = next(progress, event);
    if (after !== undefined) progress.set(...after);
  }
  return progress;
}

/**
 * What a reader shows who knows that nothing runs: attempts that were begun and never ended were interrupted, by a crash or
 * a kill.
 */
export function interruptRunning(progress: Progress): Progress {
  if (![...progress.values()].some(({ status }) => status === 'running')) return progress;
  return new Map(
    [...progress].map(([id, step]) => [id, step.status === 'running' ? { ...step, status: 'interrupted' } : step]),
  );
}

export function stepProgress(progress: Progress, lesson: string, step: string): StepProgress {
  return progress.get(key(lesson, step)) ?? NONE;
}

export function lessonProgress(
  progress: Progress,
  lesson: Pick<Lesson, 'id'> & { steps: readonly { id: string }[] },
): LessonProgress {
  const steps = lesson.steps.map(({ id }) => ({ step: id, progress: stepProgress(progress, lesson.id, id) }));
  const done = steps.filter(({ progress: { status } }) => status === 'passed' || status === 'skipped').length;
  return {
    lesson: lesson.id,
    status: summary(steps.map(({ progress: { status } }) => status)),
    steps,
    done,
    total: steps.length,
  };
}

/** The first step that is not done: where to go on. Undefined when all are. */
export function nextStep(
  progress: Progress,
  lesson: Pick<Lesson, 'id'> & { steps: readonly { id: string }[] },
): string | undefined {
  return lessonProgress(progress, lesson).steps.find(
    ({ progress: { status } }) => status !== 'passed' && status !== 'skipped',
  )?.step;
}

/** What matters most of its steps; a lesson that is begun and has steps left counts as running. */
function summary(statuses: readonly ProgressStatus[]): ProgressStatus {
  for (const status of ['running', 'failed', 'interrupted', 'cancelled'] as const) {
    if (statuses.includes(status)) return status;
  }
  if (statuses.every((status) => status === 'not-started')) return 'not-started';
  if (statuses.includes('not-started')) return 'running';
  return statuses.every((status) => status === 'skipped') ? 'skipped' : 'passed';
}

/** What an event makes of its step; undefined when it changes nothing. */
function next(progress: Progress, event: LabEvent): [key: string, step: StepProgress] | undefined {
  if (event.type !== 'step' && event.type !== 'action') return undefined;
  const id = key(event.lesson, event.step);
  const before = progress.get(id) ?? NONE;
  // The end of an older attempt, such as one found interrupted, says nothing about the present one.
  if (event.attempt < before.attempts) return undefined;
  if (event.type === 'step') return [id, afterStep(before, event)];
  if (before.worked || event.executor === 'bats' || event.status === 'skipped') return undefined;
  return [id, { ...before, worked: true }];
}

function afterStep(before: StepProgress, event: Extract<LabEvent, { type: 'step' }>): StepProgress {
  const { failure: _failure, duration: _duration, worked, ...kept } = before;
  if (event.status === 'started') {
    return { ...kept, status: 'running', attempts: event.attempt, started: event.time };
  }
  const counts = worked && event.status === 'passed' && event.duration !== undefined;
  const passed = counts ? [...before.passed, event.duration as number].slice(-REMEMBERED) : before.passed;
  const usual = median(passed);
  return {
    ...kept,
    status: event.status,
    attempts: event.attempt,
    passed,
    ...(worked === undefined ? {} : { worked }),
    ...(event.duration === undefined ? {} : { duration: event.duration }),
    ...(usual === undefined ? {} : { usual }),
    ...(event.failure === undefined ? {} : { failure: event.failure }),
  };
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function key(lesson: string, step: string): string {
  return `${lesson}/${step}`;
}
