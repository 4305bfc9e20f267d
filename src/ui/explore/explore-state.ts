import type { Failure, PowerState } from '../../engine/events.js';
import { stateWord } from '../panes/machine-lines.js';
import type { MachineView } from '../state/lab-state.js';

/** What free exploration remembers, to say what it changed. */
export interface ExploreState {
  /** States of the machines when it began. */
  before: Readonly<Record<string, PowerState>>;
  /** What was done, one sentence each, oldest first. */
  done: readonly string[];
  /** Why the last thing failed. */
  failure: Failure | undefined;
  /** Machines whose cable was pulled here. */
  unplugged: readonly string[];
  /** The last command that was run. */
  command: string;
}

export function beginExploring(machines: readonly MachineView[]): ExploreState {
  return {
    before: Object.fromEntries(machines.map(({ name, state }) => [name, state])),
    done: [],
    failure: undefined,
    unplugged: [],
    command: '',
  };
}

export function record(state: ExploreState, sentence: string): ExploreState {
  return { ...state, done: [...state.done, sentence], failure: undefined };
}

/** What is different from when exploration began: machines first, then what was done to them. */
export function changes(state: ExploreState, machines: readonly MachineView[]): string[] {
  const states = machines.flatMap(({ name, state: now }) => {
    const before = state.before[name];
    return before === undefined || before === now ? [] : [`${name}: ${stateWord[before]}, now ${stateWord[now]}`];
  });
  const counts = new Map<string, number>();
  for (const sentence of state.done) counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
  return [
    ...states,
    ...[...counts].map(([sentence, count]) => (count === 1 ? sentence : `${sentence} (${count} times)`)),
  ];
}
