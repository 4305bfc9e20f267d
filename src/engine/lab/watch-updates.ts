import { setTimeout as sleep } from 'node:timers/promises';
import { isUnderWay, type UpdatesState } from '../updates/updates-state.js';

/** Milliseconds between two looks: while an update is under way; when that brings no news; and at rest. */
const PACE = { busy: 5000, slow: 10_000, rest: 18_000 };
/** After this many looks without news, looking slows down. */
const CALM = 20;
/** A look takes what the machines may need for their real work: it rests this many times as long as the look took. */
const REST = 5;
const LONGEST = 20_000;
/** While there is nothing to look at, how often that is noticed. */
const IDLE = 1000;
/** Nodes that boot have this long before the others are looked at nevertheless. */
const PATIENCE = 180_000;

export interface UpdatesWatchParts {
  look(before: UpdatesState | undefined): Promise<UpdatesState>;
  provisionerAnswers(): boolean;
  /** Something listens where the update server does; the look at the cluster says so. */
  serverListens(): boolean;
  /** Names of the nodes that boot. */
  booting(): readonly string[];
  emit(state: UpdatesState): void;
  signal: AbortSignal;
  clock?: Clock;
}

export interface Clock {
  now(): number;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const REAL: Clock = {
  now: Date.now,
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }).catch(() => undefined),
};

/**
 * Follows the updates of the nodes: tells what changed. Nothing is asked before there is an update server, nor while nodes boot for another reason
 * than an update. Ends with the signal.
 */
export async function watchUpdates(parts: UpdatesWatchParts): Promise<void> {
  const { signal, clock = REAL } = parts;
  let last: UpdatesState | undefined;
  let booting = { names: '', since: 0 };
  for (let calm = 0; !signal.aborted; calm++) {
    const names = parts.booting().join();
    if (names !== booting.names) booting = { names, since: clock.now() };
    const patient = names !== '' && clock.now() - booting.since < PATIENCE;
    let pace = IDLE;
    const began = clock.now();
    const state = await next(parts, last, patient);
    const took = clock.now() - began;
    if (signal.aborted) return;
    if (state !== undefined) {
      if (last === undefined || news(state) !== news(last)) {
        calm = 0;
        last = state;
        parts.emit(state);
      }
      const wanted = !isUnderWay(state) ? PACE.rest : calm < CALM ? PACE.busy : PACE.slow;
      if (parts.provisionerAnswers()) pace = Math.max(wanted, Math.min(took * REST, LONGEST));
    }
    await pause(parts, pace);
  }
}

/** The present state; undefined when nobody was asked. */
async function next(
  parts: UpdatesWatchParts,
  last: UpdatesState | undefined,
  patient: boolean,
): Promise<UpdatesState | undefined> {
  if (!parts.provisionerAnswers()) return last && gone(last);
  const underWay = last !== undefined && isUnderWay(last);
  // A server that went is told once; nodes that are at it are followed to their end.
  const server = parts.serverListens() || (last !== undefined && last.server.state !== 'down') || underWay;
  if (!server || (patient && !underWay)) return undefined;
  // A look that failed brings no news.
  return parts.look(last).catch(() => last);
}

function gone({ nodes }: UpdatesState): UpdatesState {
  return {
    server: { state: 'unknown', reason: 'The provisioner does not answer.', groups: [] },
    lock: { state: 'unknown', holders: [] },
    nodes: nodes.map(({ engine: _engine, server: _server, lock: _lock, ...node }) => ({
      ...node,
      state: node.state === 'off' ? 'off' : 'silent',
    })),
  };
}

/** What is worth telling: not that somebody asked once more, and of a download each twentieth. */
function news({ server, lock, nodes }: UpdatesState): string {
  const told = nodes.map(({ engine, server: view, ...node }) => ({
    ...node,
    engine: engine && { ...engine, lastCheck: 0, percent: Math.floor((engine.percent ?? 0) / 5) },
    view: view && { ...view, time: 0 },
  }));
  return JSON.stringify([server, lock, told]);
}

/** Sleeps, but not longer than until server or provisioner come or go. */
async function pause(parts: UpdatesWatchParts, milliseconds: number): Promise<void> {
  const { signal, clock = REAL } = parts;
  const now = () => `${parts.provisionerAnswers()} ${parts.serverListens()}`;
  const before = now();
  const until = clock.now() + milliseconds;
  while (clock.now() < until && !signal.aborted && now() === before) {
    await clock.sleep(Math.min(500, until - clock.now()), signal);
  }
}
