import type { InstanceStatus, NodeUpdates } from './updates-state.js';

/** What an engine does, as the end of a sentence that begins with the name of the node. */
const OPERATIONS: Readonly<Record<string, string>> = {
  CHECKING_FOR_UPDATE: 'checks for an update',
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

/** What a node is doing about its update: `idle`, `downloads 43 %`, `does not answer`. */
export function nodeWord({ state, slots, engine, lock }: NodeUpdates): string {
  if (state === 'off') return 'is off';
  // Who holds the lock and is away is doing what the lock is for.
  if (state === 'silent') return lock ? 'restarts' : 'does not answer';
  if (engine !== undefined && !engine.running) return slots === 'none' ? 'runs in memory' : 'engine not running';
  if (engine?.operation === undefined) return 'engine does not answer';
  if (engine.operation === 'IDLE') return slots === 'none' ? 'runs in memory' : 'idle';
  const word = OPERATIONS[engine.operation] ?? engine.operation.toLowerCase().replaceAll('_', ' ');
  return engine.percent === undefined ? word : `${word} ${engine.percent} %`;
}
