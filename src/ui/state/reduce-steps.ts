import type { EventOf } from './event-types.js';
import type { ActionView, AttemptView, LabState, ProgressView, StepView, WaitView } from './lab-state.js';
import { stepKey } from './lab-state.js';

const TAIL = 2000;

export function reduceStep(state: LabState, event: EventOf<'step'>): LabState {
  const key = stepKey(event.lesson, event.step);
  const before = state.steps[key];
  const { lesson, step, status, attempt, duration, failure } = event;
  if (status === 'started') {
    const latest: AttemptView = { attempt, status, started: event.time, actions: [] };
    return { ...state, running: key, steps: { ...state.steps, [key]: { lesson, step, status, latest } } };
  }
  // The end of an older attempt says nothing about the present one.
  if (before?.latest !== undefined && attempt < before.latest.attempt) return state;
  const same = before?.latest?.attempt === attempt ? before.latest : undefined;
  const latest = same && {
    ...same,
    status,
    actions: same.actions.map((one) => (one.status === 'started' ? { ...one, status: 'cancelled' as const } : one)),
    ...(duration === undefined ? {} : { duration }),
    ...(failure === undefined ? {} : { failure }),
  };
  const { running, ...rest } = state;
  return {
    ...rest,
    ...(running === undefined || running === key ? {} : { running }),
    steps: { ...state.steps, [key]: { lesson, step, status, ...(latest === undefined ? {} : { latest }) } },
  };
}

export function reduceAction(state: LabState, event: EventOf<'action'>): LabState {
  return inAttempt(state, event, (latest) => {
    const old = latest.actions.find(({ id }) => id === event.action);
    const { executor, on, source, native, status, duration, exitCode, failure } = event;
    const next: ActionView = {
      ...(old ?? { started: event.time, checks: [], waits: [], progress: [], tail: '' }),
      id: event.action,
      executor,
      status,
      ...(on === undefined ? {} : { on }),
      ...(source === undefined ? {} : { source }),
      ...(native === undefined ? {} : { native }),
      ...(duration === undefined ? {} : { duration }),
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(failure === undefined ? {} : { failure }),
    };
    if (old === undefined) return { ...latest, actions: [...latest.actions, next] };
    return updateAction(latest, event.action, () => next);
  });
}

/** A test that is retried replaces its earlier result. */
export function reduceCheck(state: LabState, event: EventOf<'check'>): LabState {
  return inAttempt(state, event, (latest) =>
    updateAction(latest, event.action, (old) => {
      const at = old.checks.findIndex(({ name }) => name === event.name);
      return { ...old, checks: at === -1 ? [...old.checks, event] : old.checks.with(at, event) };
    }),
  );
}

export function reduceOutput(state: LabState, event: EventOf<'output'>): LabState {
  return inAttempt(state, event, (latest) =>
    updateAction(latest, event.action, (old) => ({ ...old, tail: (old.tail + event.text).slice(-TAIL) })),
  );
}

export function withWait(waits: readonly WaitView[], event: EventOf<'wait'>): readonly WaitView[] {
  const { id, label, since, usual, done, ok, time } = event;
  const next: WaitView = {
    id,
    label,
    since,
    ...(usual === undefined ? {} : { usual }),
    ...(done === true ? { ended: time } : {}),
    ...(ok === undefined ? {} : { ok }),
  };
  return upsert(waits, next);
}

export function withProgress(all: readonly ProgressView[], event: EventOf<'progress'>): readonly ProgressView[] {
  const { id, label, done, total, unit, eta, finished } = event;
  return upsert(all, {
    id,
    label,
    done,
    unit,
    finished: finished === true,
    ...(total === undefined ? {} : { total }),
    ...(eta === undefined ? {} : { eta }),
  });
}

function upsert<T extends { id: string }>(all: readonly T[], next: T): readonly T[] {
  const at = all.findIndex(({ id }) => id === next.id);
  return at === -1 ? [...all, next] : all.with(at, next);
}

/** Applies to the attempt that an event names; events of older attempts (background actions) change nothing. */
function inAttempt(
  state: LabState,
  ref: { lesson: string; step: string; attempt: number },
  update: (latest: AttemptView) => AttemptView,
): LabState {
  const step = state.steps[stepKey(ref.lesson, ref.step)];
  if (step?.latest?.attempt !== ref.attempt) return state;
  return updateLatest(state, step, update);
}

export function updateLatest(state: LabState, step: StepView, update: (latest: AttemptView) => AttemptView): LabState {
  if (step.latest === undefined) return state;
  const latest = update(step.latest);
  return { ...state, steps: { ...state.steps, [stepKey(step.lesson, step.step)]: { ...step, latest } } };
}

export function updateAction(attempt: AttemptView, id: string, update: (old: ActionView) => ActionView): AttemptView {
  const at = attempt.actions.findIndex((action) => action.id === id);
  if (at === -1) return attempt;
  return { ...attempt, actions: attempt.actions.with(at, update(attempt.actions[at] as ActionView)) };
}
