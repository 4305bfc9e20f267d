import type { Failure } from './events.js';

/** Exit codes of the command line: 1 something failed, 2 usage or environment, 130 interrupted. */
export type ExitCode = 1 | 2 | 130;

export interface LabErrorFields {
  /** UPPER_SNAKE, listed in docs/errors.md. */
  code: string;
  /** What happened, in one sentence that names the machine, command or value. */
  message: string;
  /** Why, where it is known and not already in the message. */
  why?: string;
  /** What to do now, most likely first; each a sentence or a command. */
  remedy: string[];
  docs?: string;
  machine?: string;
  evidence?: string[];
  exitCode?: ExitCode;
  cause?: unknown;
}

/** The one error type that people see. Anything else that reaches the top is a bug and is reported as one. */
export class LabError extends Error {
  readonly code: string;
  readonly why: string | undefined;
  readonly remedy: string[];
  readonly docs: string | undefined;
  readonly machine: string | undefined;
  readonly evidence: string[] | undefined;
  readonly exitCode: ExitCode;

  constructor(fields: LabErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'LabError';
    this.code = fields.code;
    this.why = fields.why;
    this.remedy = fields.remedy;
    this.docs = fields.docs;
    this.machine = fields.machine;
    this.evidence = fields.evidence;
    this.exitCode = fields.exitCode ?? 1;
  }

  toFailure(): Failure {
    return {
      code: this.code,
      message: this.message,
      remedy: this.remedy,
      ...(this.why === undefined ? {} : { cause: this.why }),
      ...(this.docs === undefined ? {} : { docs: this.docs }),
      ...(this.machine === undefined ? {} : { machine: this.machine }),
      ...(this.evidence === undefined ? {} : { evidence: this.evidence }),
    };
  }
}

/** The disk, or what one may use of it, is used up. */
export function isDiskFull(error: unknown): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** Turns anything thrown into a Failure; what is not a LabError is shown as an internal fault. */
export function toFailure(error: unknown): Failure {
  if (error instanceof LabError) return error.toFailure();
  const message = error instanceof Error ? error.message : String(error);
  if (isDiskFull(error)) {
    return {
      code: 'DISK_FULL',
      message: `The disk is full: ${message}.`,
      remedy: [
        'Make room and run the command again. The lab is below XDG_STATE_HOME, images are below XDG_CACHE_HOME.',
      ],
    };
  }
  return {
    code: 'INTERNAL',
    message: `coreos-lab hit a fault of its own: ${message}`,
    remedy: ['Run the command again with --debug and report what it prints.'],
  };
}

/** True for the error that an AbortSignal causes. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
