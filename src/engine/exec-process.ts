import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import type { Options, ResultPromise } from 'execa';
import { LabError } from './errors.js';
import type { EventSink } from './events.js';
import type { Exec, ExecOptions, ExecResult } from './exec.js';
import { findProgram, programMissing } from './exec-missing.js';
import { quoteCommand } from './exec-quote.js';
import { TailBuffer } from './exec-tail.js';

const KILL_AFTER = 3000;
const DEFAULT_BUFFER = 1024 * 1024;
/** Output is parsed, so it must not depend on the presenter's language. */
const ENVIRONMENT = { LC_ALL: 'C', LANG: 'C' };

/** The one place that spawns processes. See Exec for the contract. */
export function createExec(events: EventSink): Exec {
  async function run(program: string, args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    options.signal?.throwIfAborted();
    const { execa } = await import('execa');
    const started = Date.now();
    const subprocess = execa(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
      env: { ...ENVIRONMENT, ...options.env },
      encoding: 'buffer',
      buffer: false,
      reject: false,
      // A process group of its own: its children end with it, and Ctrl+C stays ours to handle.
      killDescendants: true,
      forceKillAfterDelay: KILL_AFTER,
      windowsHide: true,
    } satisfies Options) as ResultPromise<{ buffer: false; reject: false; encoding: 'buffer' }>;

    let failure: { reason: unknown } | undefined;
    let timedOut = false;
    const terminate = terminator(subprocess);
    const collect = (stream: NodeJS.ReadableStream | null, listener: ExecOptions['onStdout']): TailBuffer => {
      const tail = new TailBuffer(options.maxBuffer ?? DEFAULT_BUFFER);
      stream?.on('data', (chunk: Buffer) => {
        tail.push(chunk);
        try {
          if (failure === undefined) listener?.(chunk);
        } catch (reason) {
          failure = { reason };
          terminate();
        }
      });
      return tail;
    };
    const stdout = collect(subprocess.stdout, options.onStdout);
    const stderr = collect(subprocess.stderr, options.onStderr);

    const onAbort = () => {
      failure ??= { reason: options.signal?.reason };
      terminate();
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    if (options.signal?.aborted) onAbort();
    const timer =
      options.timeout === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            terminate();
          }, options.timeout);
    try {
      const result = await subprocess;
      if (subprocess.pid === undefined) throw await spawnError(program, options.cwd, result);
      const duration = Date.now() - started;
      const exitCode = result.exitCode ?? null;
      if (!options.quiet) {
        events.emit({
          type: 'command',
          line: quoteCommand(program, args, options),
          duration,
          ...(exitCode === null ? {} : { exitCode }),
          ...(options.machine === undefined ? {} : { machine: options.machine }),
        });
      }
      if (failure !== undefined) throw failure.reason;
      return { exitCode, stdout: stdout.toString(), stderr: stderr.toString(), timedOut, duration };
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      terminate.settled();
    }
  }

  const daemon: Exec['daemon'] = async (program, args, options) => {
    const { execa } = await import('execa');
    // execa takes any descriptor, its types only name the first ten.
    const log = openSync(options.logFile, 'a', 0o600) as 9;
    try {
      const subprocess = execa(program, args, {
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        env: { ...ENVIRONMENT, ...options.env },
        stdio: ['ignore', log, log],
        detached: true,
        cleanup: false,
        buffer: false,
        reject: false,
        windowsHide: true,
      });
      if (subprocess.pid === undefined) throw await spawnError(program, options.cwd, await subprocess);
      subprocess.nodeChildProcess.unref();
      events.emit({ type: 'command', line: quoteCommand(program, args, options) });
      return subprocess.pid;
    } finally {
      closeSync(log);
    }
  };

  const interactive: Exec['interactive'] = async (program, args, options = {}) => {
    const { execa } = await import('execa');
    // Ctrl+C belongs to the program that has the terminal.
    const ignore = () => {};
    process.on('SIGINT', ignore);
    const started = Date.now();
    try {
      const subprocess = execa(program, args, {
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.env === undefined ? {} : { env: options.env }),
        stdio: 'inherit',
        buffer: false,
        reject: false,
      });
      const result = await subprocess;
      if (subprocess.pid === undefined) throw await spawnError(program, options.cwd, result);
      const exitCode = result.exitCode ?? 128 + (result.signal ? (osConstants.signals[result.signal] ?? 0) : 0);
      events.emit({
        type: 'command',
        line: quoteCommand(program, args, options),
        exitCode,
        duration: Date.now() - started,
      });
      return exitCode;
    } finally {
      process.off('SIGINT', ignore);
    }
  };

  return { run, daemon, interactive, which: (program) => findProgram(program) };
}

interface Killable {
  kill(signal: NodeJS.Signals): boolean;
  nodeChildProcess: ChildProcess;
}

/** SIGTERM to the group, SIGKILL after 3 s, and soon after that let go of pipes that an escaped grandchild holds open. */
function terminator(subprocess: Killable): (() => void) & { settled(): void } {
  let timer: NodeJS.Timeout | undefined;
  const terminate = () => {
    if (timer !== undefined) return;
    subprocess.kill('SIGTERM');
    timer = setTimeout(() => {
      subprocess.nodeChildProcess.stdout?.destroy();
      subprocess.nodeChildProcess.stderr?.destroy();
    }, KILL_AFTER + 1000);
  };
  return Object.assign(terminate, { settled: () => clearTimeout(timer) });
}

async function spawnError(program: string, cwd: string | undefined, result: unknown): Promise<LabError> {
  if ((await findProgram(program)) === undefined) return programMissing(program);
  const { message = '', code } = result as { message?: string; code?: string };
  return new LabError({
    code: 'PROGRAM_NOT_STARTED',
    message: `The program ${program} could not be started${cwd === undefined ? '' : ` in ${cwd}`}: ${code ?? message}.`,
    remedy: cwd === undefined ? [`Try it by hand: ${program} --version`] : [`Check that the directory ${cwd} exists.`],
    cause: result,
  });
}
