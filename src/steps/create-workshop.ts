import { join } from 'node:path';
import { LabError } from '../engine/errors.js';
import type { EventSource } from '../engine/events.js';
import type { Exec } from '../engine/exec.js';
import type { Lab } from '../engine/lab.js';
import type { JournaledEventBus } from '../engine/state/event-bus.js';
import type { Lesson, LintFault, Step } from './lesson.js';
import { endOpenAttempts, readHistory } from './recover.js';
import { BackgroundActions } from './run/background.js';
import { endLeftovers } from './run/leftovers.js';
import { outputName } from './run/output-name.js';
import { runStep } from './run/run-step.js';
import { openRunStore, type RunStore, type StepTimings } from './run-store.js';
import type { TrustStore } from './trust.js';
import type { RunOptions, StepOutcome, Workshop } from './workshop.js';

export interface WorkshopParts {
  lab: Lab;
  lessons: readonly Lesson[];
  lintFaults: readonly LintFault[];
  /** Gets the run's journal, unless `runs` has seen to that. */
  bus: JournaledEventBus;
  exec: Exec;
  /** State directory of the lab, where runs are kept. */
  labDirectory: string;
  /** Default: the lab's current run in `labDirectory`; it is closed with the workshop. */
  runs?: RunStore;
  /** Without it `trust` holds for this session only. */
  trust?: TrustStore;
  /** Gets the duration of each step that passed, as `step <lesson>/<step>`. */
  timings?: StepTimings;
  /** false when another program uses the lab: what looks interrupted may be running there. Default true. */
  recover?: boolean;
}

/** Composes lessons, lab and journal. Attempts that an earlier session left open are marked as interrupted. */
export async function createWorkshop(parts: WorkshopParts): Promise<Workshop> {
  const runs = parts.runs ?? (await openRunStore(parts.labDirectory, parts.bus));
  const history = readHistory(await runs.history());
  if (parts.recover !== false) {
    const onHost = history.openActions.filter(({ on }) => on === 'host');
    await endLeftovers(onHost.map((action) => join(runs.outputDirectory, outputName(action))));
    endOpenAttempts(history, parts.bus);
  }
  return new RunningWorkshop({ ...parts, runs }, history.attempts);
}

class RunningWorkshop implements Workshop {
  readonly lab: Lab;
  readonly lessons: readonly Lesson[];
  readonly lintFaults: readonly LintFault[];
  readonly events: EventSource;
  readonly #background = new BackgroundActions();
  #current: { name: string; controller: AbortController; done: Promise<unknown> } | undefined;
  #closing = false;
  #closed = false;

  constructor(
    private readonly parts: WorkshopParts & { runs: RunStore },
    private attempts: Map<string, number>,
  ) {
    this.lab = parts.lab;
    this.lessons = parts.lessons;
    this.lintFaults = parts.lintFaults;
    this.events = parts.bus;
  }

  history() {
    return this.parts.runs.history();
  }

  runStep(lesson: string, step: string, options: RunOptions = {}): Promise<StepOutcome> {
    return this.#exclusively(lesson, step, options, (signal) => this.#attempt(lesson, step, signal, false));
  }

  checkStep(lesson: string, step: string, options: RunOptions = {}): Promise<StepOutcome> {
    return this.#exclusively(lesson, step, options, async (signal) => {
      const found = this.#step(lesson, step);
      if (found.step.actions.some(({ check }) => check)) return await this.#attempt(lesson, step, signal, true);
      this.parts.bus.emit({ type: 'notice', level: 'info', text: `The step "${found.step.title}" has no checks.` });
      return 'skipped';
    });
  }

  runFrom(lesson: string, step: string | undefined, options: RunOptions = {}): Promise<StepOutcome> {
    return this.#exclusively(lesson, step, options, async (signal) => {
      const { steps } = this.#lesson(lesson);
      const start = step === undefined ? 0 : steps.indexOf(this.#step(lesson, step).step);
      for (const { id } of steps.slice(start)) {
        const outcome = signal.aborted ? 'cancelled' : await this.#attempt(lesson, id, signal, false);
        if (outcome === 'failed' || outcome === 'cancelled') return outcome;
      }
      return 'passed';
    });
  }

  async skipStep(lesson: string, step: string): Promise<void> {
    this.#step(lesson, step);
    this.#assertIdle();
    this.parts.bus.emit({ type: 'step', status: 'skipped', lesson, step, attempt: this.#nextAttempt(lesson, step) });
  }

  background(): string[] {
    return this.#background.list();
  }

  async stopBackground(id: string): Promise<void> {
    if (await this.#background.stop(id)) return;
    throw new LabError({
      code: 'NO_BACKGROUND',
      message: `Nothing named ${id} runs in the background.`,
      remedy: [this.background().length === 0 ? 'Nothing else does.' : `What does: ${this.background().join(', ')}`],
    });
  }

  async trust(id: string): Promise<void> {
    const lesson = this.#lesson(id);
    if (lesson.trusted) return;
    // The content that was read is what is trusted, not what the file may hold by now.
    if (lesson.hash !== undefined) await this.parts.trust?.add(lesson.hash, lesson.file);
    lesson.trusted = true;
    this.parts.bus.emit({
      type: 'notice',
      level: 'info',
      text: `The lesson "${lesson.title}" is trusted from now on.`,
    });
  }

  async startOver(): Promise<void> {
    this.#assertIdle();
    await this.#background.stopAll();
    await this.parts.runs.startNew();
    this.attempts = new Map();
  }

  doctor() {
    return this.lab.doctor();
  }

  outputFile(lesson: string, step: string, attempt: number, action: string): string {
    return join(this.parts.runs.outputDirectory, outputName({ lesson, step, attempt, action }));
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#current?.controller.abort(new DOMException('closed', 'AbortError'));
    await this.#current?.done.catch(() => {});
    await this.#background.stopAll();
    if (!this.#closed) this.parts.runs.close();
    this.#closed = true;
  }

  async #attempt(lessonId: string, stepId: string, signal: AbortSignal, checksOnly: boolean): Promise<StepOutcome> {
    const { lesson, step } = this.#step(lessonId, stepId);
    const attempt = this.#nextAttempt(lessonId, stepId);
    const { lab, exec, bus, runs, timings } = this.parts;
    const started = Date.now();
    const runner = { lab, exec, events: bus, outputDirectory: runs.outputDirectory };
    const faults = this.#faultsOf(lesson, step);
    const outcome = await runStep(runner, this.#background, { lesson, step, attempt, signal, checksOnly, faults });
    if (outcome === 'passed' && !checksOnly) timings?.record(`step ${lessonId}/${stepId}`, Date.now() - started);
    return outcome;
  }

  /** One attempt at a time; the caller's signal and `close` both end it. */
  async #exclusively(
    lesson: string,
    step: string | undefined,
    options: RunOptions,
    work: (signal: AbortSignal) => Promise<StepOutcome>,
  ): Promise<StepOutcome> {
    if (step === undefined) this.#lesson(lesson);
    else this.#step(lesson, step);
    this.#assertIdle();
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    const done = work(signal);
    const current = { name: step === undefined ? lesson : `${lesson}#${step}`, controller, done };
    this.#current = current;
    try {
      return await done;
    } finally {
      if (this.#current === current) this.#current = undefined;
    }
  }

  #assertIdle(): void {
    if (this.#closing) {
      throw new LabError({
        code: 'WORKSHOP_CLOSED',
        message: 'The workshop was closed.',
        remedy: ['Start coreos-lab again.'],
      });
    }
    if (this.#current === undefined) return;
    throw new LabError({
      code: 'STEP_RUNNING',
      message: `The step ${this.#current.name} is running; one runs at a time.`,
      remedy: ['Wait for its end, or cancel it with Ctrl+C.'],
    });
  }

  #nextAttempt(lesson: string, step: string): number {
    const key = `${lesson}/${step}`;
    const attempt = (this.attempts.get(key) ?? 0) + 1;
    this.attempts.set(key, attempt);
    return attempt;
  }

  #lesson(id: string): Lesson {
    const lesson = this.lessons.find((one) => one.id === id);
    if (lesson !== undefined) return lesson;
    throw unknown('LESSON_UNKNOWN', `There is no lesson "${id}".`, 'lessons', this.lessons);
  }

  #step(lessonId: string, id: string): { lesson: Lesson; step: Step } {
    const lesson = this.#lesson(lessonId);
    const step = lesson.steps.find((one) => one.id === id);
    if (step !== undefined) return { lesson, step };
    throw unknown('STEP_UNKNOWN', `The lesson "${lessonId}" has no step "${id}".`, 'steps', lesson.steps);
  }

  /** Errors between this step's heading and the next: with one of them a part would be left out. */
  #faultsOf(lesson: Lesson, step: Step): LintFault[] {
    const first = step.position.line;
    const next = lesson.steps[lesson.steps.indexOf(step) + 1]?.position.line ?? Number.POSITIVE_INFINITY;
    return this.lintFaults.filter(
      ({ file, severity, line }) => file === lesson.file && severity === 'error' && line >= first && line < next,
    );
  }
}

function unknown(code: string, message: string, what: string, all: readonly { id: string }[]): LabError {
  const ids = all.map(({ id }) => id).join(', ');
  return new LabError({
    code,
    message,
    remedy: [ids === '' ? `There are no ${what}.` : `The ${what}: ${ids}`],
    exitCode: 2,
  });
}
