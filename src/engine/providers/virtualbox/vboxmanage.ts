import type { Exec, ExecResult } from '../../exec.js';
import { programMissing } from '../../exec-missing.js';
import { type CallContext, callFailed } from './errors.js';
import { locateVBoxManage } from './locate.js';
import { errorLines } from './parse.js';

export interface CallOptions extends Omit<CallContext, 'directory'> {
  signal?: AbortSignal | undefined;
  /** Not shown in the command log: it changes nothing. */
  quiet?: boolean;
  /** Milliseconds; default one minute. */
  timeout?: number;
}

export interface VBoxManage {
  /** Full path or name of the program. Rejects with PROGRAM_MISSING. */
  program(): Promise<string>;
  /** Runs a call and resolves with its stdout. Rejects when it failed, also when it failed with an exit code of 0. */
  call(args: readonly string[], options?: CallOptions): Promise<string>;
  /** The same, and nothing is thrown for a call that failed. */
  ask(args: readonly string[], options?: CallOptions): Promise<ExecResult>;
}

const TIMEOUT = 60_000;

/** The only place that runs VBoxManage. */
export function createVBoxManage(options: { exec: Exec; labDirectory: string }): VBoxManage {
  const { exec, labDirectory } = options;
  let found: string | undefined;

  async function program(): Promise<string> {
    found ??= await locateVBoxManage(exec);
    if (found === undefined) throw programMissing('VBoxManage');
    return found;
  }

  async function ask(args: readonly string[], call: CallOptions = {}): Promise<ExecResult> {
    return exec.run(await program(), args, {
      timeout: call.timeout ?? TIMEOUT,
      maxBuffer: 8 * 1024 * 1024,
      ...(call.signal === undefined ? {} : { signal: call.signal }),
      ...(call.machine === undefined ? {} : { machine: call.machine }),
      ...(call.quiet === undefined ? {} : { quiet: call.quiet }),
    });
  }

  return {
    program,
    ask,
    call: async (args, call = {}) => {
      const result = await ask(args, call);
      if (result.timedOut) {
        throw callFailed(args[0] ?? '', `no answer within ${(call.timeout ?? TIMEOUT) / 1000} s`, {
          ...call,
          directory: labDirectory,
        });
      }
      // Some calls fail with an exit code of 0 and only say so.
      if (result.exitCode !== 0 || errorLines(result.stderr).length > 0) {
        throw callFailed(args[0] ?? '', `${result.stdout}\n${result.stderr}`, { ...call, directory: labDirectory });
      }
      return result.stdout;
    },
  };
}
