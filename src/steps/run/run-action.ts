import { join } from 'node:path';
import type { ActionRef, ActionStatus, EventBus, Failure } from '../../engine/events.js';
import type { Exec } from '../../engine/exec.js';
import type { Lab } from '../../engine/lab.js';
import type { Action, Executor as ExecutorName, Step } from '../lesson.js';
import { Deadline, pause } from './deadline.js';
import { executeBash } from './execute-bash.js';
import { executeBats } from './execute-bats.js';
import { executeLab, nativeLines } from './execute-lab.js';
import type { Executor, ExecutorResult } from './executor.js';
import { faultFailure, thrownFailure, timedOut } from './failure.js';
import { LastLines, plainLine } from './last-lines.js';
import { MARK } from './leftovers.js';
import { OutputCoalescer } from './output-coalescer.js';
import { OutputLog } from './output-log.js';
import { outputName } from './output-name.js';
import type { TapTest } from './tap.js';

export interface RunnerParts {
  lab: Lab;
  exec: Exec;
  events: EventBus;
  /** Where the full output of actions is kept. */
  outputDirectory: string;
}

export interface ActionRun {
  action: Action;
  step: Step;
  ref: ActionRef;
  signal: AbortSignal;
  slowness: number;
}

export interface ActionOutcome {
  status: Extract<ActionStatus, 'passed' | 'failed' | 'cancelled'>;
  failure?: Failure;
}

const EXECUTORS: Record<ExecutorName, Executor> = { lab: executeLab, bash: executeBash, bats: executeBats };
/** Limits where the lesson sets none, milliseconds; background actions have none. */
const DEFAULT_TIMEOUT: Record<ExecutorName, number> = { lab: 30 * 60_000, bash: 10 * 60_000, bats: 10 * 60_000 };
const RETRY_DELAY = 2000;

/** Runs an action, with its retries, and emits its events from `started` to its end. Never rejects. */
export async function runAction(parts: RunnerParts, run: ActionRun): Promise<ActionOutcome> {
  const { lab, events } = parts;
  const { action, ref, step } = run;
  const started = Date.now();
  const native = action.executor === 'lab' ? await nativeLines(lab, action).catch(() => []) : [];
  const fields = { ...ref, executor: action.executor, ...(action.on === undefined ? {} : { on: action.on }) };
  events.emit({
    type: 'action',
    status: action.background ? 'background' : 'started',
    ...fields,
    source: action.source,
    ...(native.length === 0 ? {} : { native }),
  });
  const output = new ActionOutput(parts, ref);
  let exitCode: number | undefined;
  let outcome: ActionOutcome;
  try {
    const result = await withRetries(parts, run, output);
    exitCode = result.exitCode;
    outcome =
      result.fault === undefined
        ? { status: 'passed' }
        : { status: 'failed', failure: await faultFailure(result.fault, { lab, step, action, output: output.last() }) };
  } catch (error) {
    outcome = run.signal.aborted
      ? { status: 'cancelled' }
      : { status: 'failed', failure: await thrownFailure(error, { lab, step, action, output: output.last() }) };
  }
  output.end();
  events.emit({
    type: 'action',
    ...fields,
    ...outcome,
    ...(exitCode === undefined ? {} : { exitCode }),
    duration: Date.now() - started,
  });
  return outcome;
}

async function withRetries(parts: RunnerParts, run: ActionRun, output: ActionOutput): Promise<ExecutorResult> {
  const { action, signal } = run;
  for (let left = action.retry; ; left--) {
    // Tests of a try that may be repeated are told only if it is the one that counts.
    const held: TapTest[] = [];
    const onTest = (test: TapTest) => emitTest(parts.events, run.ref, test);
    let problem: string;
    try {
      const result = await tryOnce(parts, run, output, left > 0 ? (test) => held.push(test) : onTest);
      if (result.fault === undefined || left === 0) {
        for (const test of held) onTest(test);
        return result;
      }
      problem = result.fault.message;
    } catch (error) {
      if (left === 0 || signal.aborted) throw error;
      problem = (error as Error).message;
    }
    output.write('stderr', Buffer.from(`${problem} Trying again in ${RETRY_DELAY / 1000} s, ${left} left.\n`));
    await pause(RETRY_DELAY, signal);
  }
}

async function tryOnce(
  { lab, exec, events, outputDirectory }: RunnerParts,
  { action, ref, signal, slowness }: ActionRun,
  output: ActionOutput,
  check: (test: TapTest) => void,
): Promise<ExecutorResult> {
  signal.throwIfAborted();
  const factor = action.on === 'host' ? 1 : Math.max(1, slowness);
  const limit = action.timeout ?? (action.background ? undefined : DEFAULT_TIMEOUT[action.executor]);
  const timeout = limit === undefined ? undefined : limit * factor;
  const mark = action.on === 'host' ? { [MARK]: join(outputDirectory, outputName(ref)) } : {};
  const deadline = new Deadline(signal, timeout, () => timedOut(action, timeout ?? 0));
  try {
    const work = async () =>
      EXECUTORS[action.executor]({
        lab,
        exec,
        events,
        action,
        env: action.executor === 'lab' ? {} : { ...(await lab.variables()), ...mark },
        slowness: factor,
        signal: deadline.signal,
        output: (stream, chunk) => output.write(stream, chunk),
        check,
      });
    return await deadline.follow(work());
  } catch (error) {
    // What was ended because its time was up may report that in any way.
    if (deadline.expired !== undefined && !signal.aborted) throw deadline.expired;
    throw error;
  }
}

function emitTest(events: EventBus, ref: ActionRef, test: TapTest): void {
  const skipped = test.skip ?? (test.todo === undefined ? undefined : `todo ${test.todo}`.trim());
  events.emit({
    type: 'check',
    ...ref,
    name: plainLine(test.name),
    ok: test.ok || test.todo !== undefined,
    ...(skipped === undefined ? {} : { skipped: plainLine(skipped) }),
    ...(test.diagnostics.length === 0 ? {} : { diagnostics: test.diagnostics.slice(-50).map(plainLine) }),
    ...(test.duration === undefined ? {} : { duration: test.duration }),
  });
}

/** Output of one action: all of it to its file, the recent to events, the last lines for a failure. */
class ActionOutput {
  readonly #log: OutputLog;
  readonly #events: OutputCoalescer;
  readonly #last = new LastLines();
  #ended = false;

  constructor({ events, outputDirectory }: RunnerParts, ref: ActionRef) {
    const file = join(outputDirectory, outputName(ref));
    this.#events = new OutputCoalescer((piece) => events.emit({ type: 'output', ...ref, ...piece }));
    this.#log = new OutputLog(file, (error) => {
      const text = `The output is shown but not kept, since ${file} cannot be written: ${error.message}`;
      events.emit({ type: 'notice', level: 'warning', text });
    });
  }

  /** What comes after the end, from something that would not stop, is dropped. */
  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#log.write(chunk);
    this.#events.push(stream, chunk);
    this.#last.push(chunk);
  }

  last(): string[] {
    return this.#last.lines(20);
  }

  end(): void {
    this.#ended = true;
    this.#events.end();
    this.#log.close();
  }
}
