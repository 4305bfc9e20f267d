import { LabError } from '../errors.js';
import { quoteCommand } from '../exec-quote.js';
import { shellQuote } from '../ssh/quote.js';
import type { Ssh, SshResult, SshTarget } from '../ssh/ssh.js';

export interface RootScript {
  /** For the command log. */
  label: string;
  script: string;
  env?: Record<string, string>;
  signal?: AbortSignal | undefined;
  quiet?: boolean;
}

/**
 * Runs a script as root. It travels on standard input, so that neither it nor its variables, which may be keys, show in the
 * machine's list of processes.
 */
export function asRoot(
  ssh: Ssh,
  target: SshTarget,
  { label, script, env = {}, signal, quiet }: RootScript,
): Promise<SshResult> {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${shellQuote(value)}\n`);
  return ssh.script(target, 'exec sudo -n bash -euo pipefail -s', {
    input: `${variables.join('')}main() {\n${script}\n}\nmain < /dev/null\n`,
    label: quoteCommand('ssh', [target.machine, label]),
    ...(signal === undefined ? {} : { signal }),
    ...(quiet ? { quiet } : {}),
  });
}

/** Last lines that a script printed on its standard error. */
export function lastLines({ stderr }: SshResult): string[] {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-12);
}

/** A script on the machine that should have gone well did not. */
export function scriptFailed(target: SshTarget, what: string, result: SshResult, remedy: string[]): LabError {
  const evidence = lastLines(result);
  return new LabError({
    code: 'REMOTE_FAILED',
    message: `${what} failed on ${target.machine} (exit code ${result.exitCode ?? result.signal ?? 'none'}).`,
    ...(evidence.length === 0 ? {} : { why: evidence.at(-1) ?? '', evidence }),
    remedy,
    machine: target.machine,
  });
}
