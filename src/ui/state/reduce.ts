import type { LabEvent } from './event-types.js';
import { type LabState, runningAction } from './lab-state.js';
import { reduceCluster } from './reduce-cluster.js';
import { reduceMachine, reduceStage, reduceUsual } from './reduce-machines.js';
import {
  reduceAction,
  reduceCheck,
  reduceOutput,
  reduceStep,
  updateAction,
  updateLatest,
  withProgress,
  withWait,
} from './reduce-steps.js';

const NOTICES = 50;

/** The state after one event. Pure; costs nothing that grows with logs: those are kept in buffers outside the state. */
export function reduce(state: LabState, event: LabEvent): LabState {
  const next = reduceBody(state, event);
  return next === state && event.seq === state.seq ? state : { ...next, seq: event.seq };
}

function reduceBody(state: LabState, event: LabEvent): LabState {
  switch (event.type) {
    case 'machine':
      return reduceMachine(state, event);
    case 'stage':
      return reduceStage(state, event);
    case 'step':
      return reduceStep(state, event);
    case 'action':
      return reduceAction(state, event);
    case 'check':
      return reduceCheck(state, event);
    case 'output':
      return reduceOutput(state, event);
    case 'wait':
      return inRunningAction(
        reduceUsual(state, event),
        (waits) => withWait(waits, event),
        (before) => ({ ...before, waits: withWait(before.waits, event).filter(({ ended }) => ended === undefined) }),
      );
    case 'progress':
      return inRunningProgress(state, event);
    case 'command':
      return { ...state, commands: state.commands + 1 };
    case 'notice': {
      const { time, level, text, failure } = event;
      const notice = { time, level, text, ...(failure === undefined ? {} : { failure }) };
      return { ...state, notices: [...state.notices.slice(1 - NOTICES), notice] };
    }
    case 'savepoint': {
      const text = `Savepoint ${event.name} ${event.action}: ${event.machines.join(', ')}`;
      return { ...state, notices: [...state.notices.slice(1 - NOTICES), { time: event.time, level: 'info', text }] };
    }
    case 'cluster':
      return reduceCluster(state, event);
    case 'updates': {
      const { server, lock, nodes } = event;
      return { ...state, updates: { server, lock, nodes } };
    }
    case 'console':
      return state;
  }
}

type Waits = LabState['waits'];

/** Waits belong to the action that runs; without one they belong to the lab. A wait that began outside ends there. */
function inRunningAction(
  state: LabState,
  update: (waits: Waits) => Waits,
  outside: (state: LabState) => LabState,
): LabState {
  const step = state.running === undefined ? undefined : state.steps[state.running];
  const action = runningAction(step?.latest);
  if (step === undefined || action === undefined) return outside(state);
  return updateLatest(state, step, (latest) =>
    updateAction(latest, action.id, (old) => ({ ...old, waits: update(old.waits) })),
  );
}

function inRunningProgress(state: LabState, event: Extract<LabEvent, { type: 'progress' }>): LabState {
  const step = state.running === undefined ? undefined : state.steps[state.running];
  const action = runningAction(step?.latest);
  if (step === undefined || action === undefined) {
    return { ...state, progress: withProgress(state.progress, event).filter(({ finished }) => !finished) };
  }
  return updateLatest(state, step, (latest) =>
    updateAction(latest, action.id, (old) => ({ ...old, progress: withProgress(old.progress, event) })),
  );
}

/** After the journal of earlier sessions was folded: what was running then was interrupted. */
export function closeHistory(state: LabState): LabState {
  const steps = { ...state.steps };
  for (const [key, step] of Object.entries(steps)) {
    if (step.status !== 'started') continue;
    const { latest } = step;
    const actions = latest?.actions.map((one) =>
      one.status === 'started' || one.status === 'background' ? { ...one, status: 'cancelled' as const } : one,
    );
    steps[key] = {
      ...step,
      status: 'interrupted',
      ...(latest === undefined ? {} : { latest: { ...latest, status: 'interrupted', actions: actions ?? [] } }),
    };
  }
  const { running: _running, ...rest } = state;
  return { ...rest, steps, waits: [], progress: [], notices: [] };
}
