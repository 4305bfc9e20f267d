import type { EventSink } from './events.js';

export interface ExecOptions {
  cwd?: string;
  /** Added to the environment; LC_ALL=C and LANG=C are always set so that output can be parsed. */
  env?: Record<string, string>;
  input?: string | Uint8Array;
  /** Milliseconds; on expiry the process group is terminated and the result has `timedOut`. */
  timeout?: number;
  /** Aborting terminates the process (SIGTERM, SIGKILL after 3 s) and rejects with the signal's reason. */
  signal?: AbortSignal;
  onStdout?: (chunk: Buffer) => void;
  onStderr?: (chunk: Buffer) => void;
  /** Keep at most this much of each stream in the result (default 1 MiB, the end is kept). */
  maxBuffer?: number;
  /** Names the machine in the command log. */
  machine?: string;
  /** Do not show this call in the command log (polling). */
  quiet?: boolean;
}

export interface ExecResult {
  /** null when ended by a signal. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  duration: number;
}

/**
 * The only door to other programs. Arguments are an array: nothing is ever interpreted by a shell. A non-zero exit code is
 * a result, not an error; a program that cannot be found rejects with LabError PROGRAM_MISSING (exit code 2).
 */
export interface Exec {
  run(program: string, args: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Starts a process that outlives this one (own session, stdio to `logFile`); resolves with its pid once spawned. */
  daemon(
    program: string,
    args: readonly string[],
    options: { logFile: string; cwd?: string; env?: Record<string, string> },
  ): Promise<number>;
  /** Gives the terminal to a program (ssh, $PAGER) and resolves with its exit code. */
  interactive(
    program: string,
    args: readonly string[],
    options?: { cwd?: string; env?: Record<string, string> },
  ): Promise<number>;
  /** Full path of a program on PATH, or undefined. */
  which(program: string): Promise<string | undefined>;
}

/** `events` receives a `command` event for each call that is not quiet. */
export type ExecFactory = (events: EventSink) => Exec;
