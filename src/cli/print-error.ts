import { isAbort, LabError, toFailure } from '../engine/errors.js';
import type { Failure } from '../engine/events.js';

/** The text of a failure for a terminal: what, why, evidence, what to do. */
export function failureText(failure: Failure): string {
  const { message, cause, evidence, remedy, docs, code } = failure;
  const lines = [`error: ${message}`];
  if (cause !== undefined) lines.push(`why: ${cause}`);
  if (evidence !== undefined && evidence.length > 0)
    lines.push('last lines:', ...evidence.map((line) => `  | ${line}`));
  if (remedy.length > 0) lines.push('what to do:', ...remedy.map((text) => `  - ${text}`));
  lines.push(`(${code}${docs === undefined ? '' : `; ${docs}`})`);
  return lines.join('\n');
}

/** Writes an error to stderr and gives the exit code it asks for. A stack is shown with --debug only. */
export function reportError(error: unknown, debug: boolean): number {
  if (isAbort(error)) {
    process.stderr.write('Interrupted.\n');
    return 130;
  }
  process.stderr.write(`${failureText(toFailure(error))}\n`);
  if (debug && error instanceof Error)
    process.stderr.write(`${error.stack}\n${error.cause ? `cause: ${String(error.cause)}\n` : ''}`);
  return error instanceof LabError ? error.exitCode : 1;
}
