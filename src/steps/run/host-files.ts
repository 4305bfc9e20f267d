import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../../engine/errors.js';
import type { ExecOptions, ExecResult } from '../../engine/exec.js';
import type { ExecutorContext } from './executor.js';

/** Writes a text to a file of its own, 0600 in a 0700 directory, for as long as `use` takes. */
export async function withTemporaryFile<T>(name: string, text: string, use: (file: string) => Promise<T>): Promise<T> {
  let directory: string | undefined;
  try {
    let file: string;
    try {
      directory = await mkdtemp(join(tmpdir(), 'coreos-lab-'));
      file = join(directory, name);
      await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      throw new LabError({
        code: 'SCRIPT_NOT_WRITTEN',
        message: `The block could not be written to a file in ${tmpdir()}: ${(cause as Error).message}`,
        remedy: [`Make room in ${tmpdir()}, or set TMPDIR to a directory that can be written to.`],
        exitCode: 2,
        cause,
      });
    }
    return await use(file);
  } finally {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true }).catch(() => {});
  }
}

/** Runs a program on this computer for a block; the command log gets `line`, which can be copied, unlike a temporary file. */
export async function runOnHost(
  { exec, events, env }: Pick<ExecutorContext, 'exec' | 'events' | 'env'>,
  program: string,
  args: readonly string[],
  line: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const result = await exec.run(program, args, { ...options, env: hostEnvironment(env), quiet: true });
  const { duration, exitCode } = result;
  events.emit({ type: 'command', line, duration, ...(exitCode === null ? {} : { exitCode }) });
  return result;
}

/**
 * Environment of host scripts beside the user's own. Programs that are parsed get LC_ALL=C, a lesson's scripts get what a
 * terminal would give them.
 */
export function hostEnvironment(
  variables: Record<string, string>,
  own: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const locale = own.LC_ALL || own.LC_CTYPE || own.LANG || 'C.UTF-8';
  return { LC_ALL: locale, LANG: own.LANG || locale, ...variables };
}
