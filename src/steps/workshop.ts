import type { EventSource, LabEvent } from '../engine/events.js';
import type { DoctorItem, Lab } from '../engine/lab.js';
import type { Lesson, LintFault } from './lesson.js';

export interface RunOptions {
  signal?: AbortSignal;
}

/** How a step ended. `skipped`: its checks already passed or the user skipped it. */
export type StepOutcome = 'passed' | 'failed' | 'cancelled' | 'skipped';

/**
 * What screens and commands drive: lessons, their attempts and the lab, as one object composed by the command line. Everything
 * that happens is seen through `events`; methods resolve when the work ended and never reject for a failed step.
 */
export interface Workshop {
  readonly lab: Lab;
  readonly lessons: readonly Lesson[];
  readonly lintFaults: readonly LintFault[];
  readonly events: EventSource;
  /** The events of the run so far (journal of earlier sessions included), to fold an initial state from. */
  history(): Promise<LabEvent[]>;
  /** Runs one step as a new attempt. Only one attempt runs at a time: a second call rejects with LabError STEP_RUNNING. */
  runStep(lesson: string, step: string, options?: RunOptions): Promise<StepOutcome>;
  /** Runs only the checks of a step. */
  checkStep(lesson: string, step: string, options?: RunOptions): Promise<StepOutcome>;
  /** Marks a step as skipped. */
  skipStep(lesson: string, step: string): Promise<void>;
  /** Runs steps in order from one on (or all), stopping at the first that does not pass. */
  runFrom(lesson: string, step: string | undefined, options?: RunOptions): Promise<StepOutcome>;
  /** Background actions still alive, by `lesson/step/action`. */
  background(): string[];
  stopBackground(id: string): Promise<void>;
  /** Trusts a foreign lesson file from now on (remembered by content hash). */
  trust(lesson: string): Promise<void>;
  /** Forgets progress: begins a new run (machines are left alone). */
  startOver(): Promise<void>;
  doctor(): Promise<DoctorItem[]>;
  /** Path of a copy of an action's full output, for "save". */
  outputFile(lesson: string, step: string, attempt: number, action: string): string;
  close(): Promise<void>;
}
