import { LabError, toFailure } from '../../engine/errors.js';
import type { AttemptRef, Failure } from '../../engine/events.js';
import { quoteWord } from '../../engine/exec-quote.js';
import type { Action, Lesson, LintFault, Step } from '../lesson.js';
import type { StepOutcome } from '../workshop.js';
import type { BackgroundActions } from './background.js';
import { applies } from './only.js';
import { type ActionOutcome, type RunnerParts, runAction } from './run-action.js';

export interface StepRun {
  lesson: Lesson;
  step: Step;
  attempt: number;
  signal: AbortSignal;
  /** Run only the checks. */
  checksOnly: boolean;
  /** Errors that lint found in this step: with one it does not run, since a part of it would be left out. */
  faults: readonly LintFault[];
}

interface Ended {
  status: StepOutcome;
  failure?: Failure;
}

/** Runs one attempt of a step from its `started` event to its end. Never rejects. */
export async function runStep(parts: RunnerParts, background: BackgroundActions, run: StepRun): Promise<StepOutcome> {
  const { events } = parts;
  const { lesson, step, attempt } = run;
  const ref: AttemptRef = { lesson: lesson.id, step: step.id, attempt };
  const started = Date.now();
  events.emit({ type: 'step', status: 'started', ...ref });
  const ended = await runActions(parts, background, run, ref).catch(
    (error: unknown): Ended => ({ status: 'failed', failure: toFailure(error) }),
  );
  events.emit({ type: 'step', ...ref, ...ended, duration: Date.now() - started });
  return ended.status;
}

async function runActions(
  parts: RunnerParts,
  background: BackgroundActions,
  run: StepRun,
  ref: AttemptRef,
): Promise<Ended> {
  const { lab, events } = parts;
  const { lesson, step, signal } = run;
  const wanted = step.actions.filter((action) => !run.checksOnly || action.check);
  const image = lab.config.image.name;
  const running = wanted.filter((action) => applies(action, lab.provider.name, image));
  const refused = refusal(run, running);
  if (refused !== undefined) return { status: 'failed', failure: refused };
  const slowness = running.length === 0 ? 1 : (await lab.probe()).slowness;
  const watched: { id: string; outcome: () => ActionOutcome | undefined }[] = [];
  const cancelled = async (): Promise<Ended> => {
    await Promise.all(watched.map(({ id }) => background.stop(id)));
    return { status: 'cancelled' };
  };
  for (const action of wanted) {
    if (signal.aborted) return await cancelled();
    const actionRef = { ...ref, action: action.id };
    if (!running.includes(action)) {
      events.emit({ type: 'action', status: 'skipped', ...actionRef, ...described(action) });
    } else if (action.background) {
      const id = `${lesson.id}/${step.id}/${action.id}`;
      await background.stop(id);
      const started = background.start(id, (own) =>
        runAction(parts, { action, step, ref: actionRef, signal: own, slowness }),
      );
      watched.push({ id, ...started });
    } else {
      const outcome = await runAction(parts, { action, step, ref: actionRef, signal, slowness });
      if (outcome.status === 'cancelled') return await cancelled();
      if (outcome.status === 'failed') return outcome as Ended;
    }
  }
  // Give what runs in the background the chance to fail at once, such as a mistyped command.
  if (watched.length > 0) await new Promise((resolve) => setTimeout(resolve, 250));
  const broken = watched.map(({ outcome }) => outcome()).find((outcome) => outcome?.status === 'failed');
  if (broken) return broken as Ended;
  return { status: wanted.length > 0 && running.length === 0 ? 'skipped' : 'passed' };
}

/** Why nothing of this step is run at all. */
function refusal({ faults, lesson, step }: StepRun, running: readonly Action[]): Failure | undefined {
  const [fault] = faults;
  if (fault !== undefined) {
    return {
      code: 'LESSON_FAULTY',
      message: `The step "${step.title}" was not run, because the lesson has a fault in line ${fault.line}: ${fault.message}.`,
      remedy: [...new Set(faults.map(({ suggestion }) => suggestion)), `coreos-lab lessons lint ${lesson.file}`],
      evidence: faults.slice(0, 20).map((one) => `${one.file}:${one.line}:${one.column} ${one.message}`),
    };
  }
  if (lesson.trusted || !running.some(({ on }) => on === 'host')) return undefined;
  return new LabError({
    code: 'LESSON_NOT_TRUSTED',
    message: `The step "${step.title}" would run commands on this computer, and the lesson ${lesson.file} is not trusted yet.`,
    remedy: [
      `Read its blocks with on=host: coreos-lab --lessons ${quoteWord(lesson.file)} lessons show ${lesson.id}`,
      'If you trust them, say so on the screen, or add --trust to coreos-lab run.',
    ],
    exitCode: 2,
  }).toFailure();
}

function described({ executor, on, source }: Action) {
  return { executor, source, ...(on === undefined ? {} : { on }) };
}
