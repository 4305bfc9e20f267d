import { LabError, toFailure } from '../../engine/errors.js';
import type { Failure } from '../../engine/events.js';
import type { Lab } from '../../engine/lab.js';
import { parseLabBlock } from '../lab-verbs.js';
import type { Action, Step } from '../lesson.js';
import type { ExecutorResult } from './executor.js';
import { lastLinesOfFile, plainLine } from './last-lines.js';

/** Lines of evidence in a failure. */
const EVIDENCE = 20;

export interface FailureContext {
  lab: Lab;
  step: Step;
  action: Action;
  /** Last lines of what the action printed. */
  output: string[];
}

/** A fault that an executor found in the result: the output says why. */
export async function faultFailure(
  fault: NonNullable<ExecutorResult['fault']>,
  context: FailureContext,
): Promise<Failure> {
  const { action, output, step } = context;
  const last = output.at(-1);
  const why = fault.why ?? (action.executor === 'bats' ? undefined : last);
  return {
    code: fault.code,
    message: fault.message,
    ...(why === undefined ? {} : { cause: why }),
    remedy: remedies(fault.remedy ?? [], step, 'Correct what the output says, then run the step again.'),
    ...machineOf(undefined, action),
    ...(output.length === 0 ? {} : { evidence: output.slice(-EVIDENCE) }),
  };
}

/** Something that was thrown: the machine's console tells more than the output does. */
export async function thrownFailure(error: unknown, context: FailureContext): Promise<Failure> {
  const failure = toFailure(error);
  const { lab, action, output, step } = context;
  const concerned = machineOf(failure.machine, action);
  const own = failure.evidence ?? [];
  const evidence = own.length > 0 ? own.map(plainLine) : await gather(lab, concerned.machine, output);
  return {
    ...failure,
    ...concerned,
    remedy: remedies(failure.remedy, step, 'Run the step again.'),
    ...(evidence.length === 0 ? {} : { evidence: evidence.slice(-EVIDENCE) }),
  };
}

export function timedOut(action: Action, timeout: number): LabError {
  const seconds = Math.round(timeout / 100) / 10;
  return new LabError({
    code: 'ACTION_TIMEOUT',
    message: `The block "${action.id}"${action.on === undefined || action.on === 'host' ? '' : ` on ${action.on}`} was not done after ${seconds} s and was ended.`,
    remedy: [
      'Run the step again: what was done is found.',
      'If it only needs longer, write a greater timeout= in the lesson.',
    ],
    ...machineOf(undefined, action),
  });
}

/** Half of the lines for the output, the rest for the console. */
async function gather(lab: Lab, machine: string | undefined, output: string[]): Promise<string[]> {
  if (machine === undefined) return output.slice(-EVIDENCE);
  let console: string[] = [];
  try {
    console = await lastLinesOfFile(lab.console(machine).logFile, EVIDENCE);
  } catch {
    // A machine that was never created has no console.
  }
  if (console.length === 0) return output.slice(-EVIDENCE);
  const shown = output.slice(-EVIDENCE / 2);
  return [...shown, `Console of ${machine}:`, ...console.slice(-(EVIDENCE - 1 - shown.length))];
}

function machineOf(named: string | undefined, action: Action): { machine?: string } {
  if (named !== undefined) return { machine: named };
  if (action.on !== undefined) return action.on === 'host' ? {} : { machine: action.on };
  const machines = new Set(
    parseLabBlock(action.source).commands.flatMap((command) => ('machines' in command ? command.machines : [])),
  );
  const [only] = machines;
  return machines.size === 1 && only !== undefined ? { machine: only } : {};
}

/** The step's hints are guesses about what may go wrong in it: they stand in where the fault itself does not know what to do. */
function remedies(own: readonly string[], step: Step, otherwise: string): string[] {
  if (own.length > 0) return [...own];
  return step.hints.length > 0 ? step.hints : [otherwise];
}
