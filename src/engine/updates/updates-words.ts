import type { InstanceStatus, NodeUpdates } from './updates-state.js';

/** What an engine does. */
const OPERATIONS: Readonly<Record<string, string>> = {
  CHECKING_FOR_UPDATE: 'checks',
  UPDATE_AVAILABLE: 'found an update',
  DOWNLOADING: 'downloads',
  VERIFYING: 'verifies',
  FINALIZING: 'finalizes',
  UPDATED_NEED_REBOOT: 'waits to restart',
  REPORTING_ERROR_EVENT: 'reports an error',
};

/** Statuses as Nebraska's pages show them. */
const STATUSES: Readonly<Record<InstanceStatus, string>> = {
  undefined: 'unknown',
  update_granted: 'granted',
  error: 'error',
  complete: 'complete',
  installed: 'installed',
  downloaded: 'downloaded',
  downloading: 'downloading',
  onhold: 'on hold',
};

export function statusWord(status: InstanceStatus): string {
  return STATUSES[status];
}

/** What a node is doing about its update, in at most 16 columns: `idle`, `downloads 43 %`, `waits to restart`. */
export function nodeWord({ state, slots, engine, lock }: NodeUpdates): string {
  if (state === 'off') return 'off';
  // Who holds the lock and is away is doing what the lock is for.
  if (state === 'silent') return lock ? 'restarts' : 'does not answer';
  if (slots === 'none') return 'runs in memory';
  if (!engine?.running) return 'not running';
  if (engine.operation === undefined) return 'no answer';
  if (engine.operation === 'IDLE') return 'idle';
  const word = OPERATIONS[engine.operation] ?? engine.operation.toLowerCase().replaceAll('_', ' ');
  return engine.percent === undefined ? word : `${word} ${engine.percent} %`;
}

/** The same as the end of a sentence that begins with its name; undefined where there is nothing to tell. */
export function nodePhrase(node: NodeUpdates): string | undefined {
  const word = nodeWord(node);
  if (word === 'idle') return IDLE[node.server?.status ?? 'undefined'];
  return PHRASES[word] ?? word;
}

const PHRASES: Readonly<Record<string, string>> = {
  off: 'is off',
  'not running': 'runs no update engine',
  'no answer': 'has an update engine that does not answer',
};
const IDLE: Readonly<Partial<Record<InstanceStatus, string>>> = { error: 'failed', onhold: 'is on hold' };
