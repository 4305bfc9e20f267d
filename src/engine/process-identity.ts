import { readFile } from 'node:fs/promises';
import type { Exec } from './exec.js';

/**
 * Is `pid` alive and is it the process we mean? Its command line must contain every one of `words`, because after a crash or
 * a restart of the host the number may belong to somebody else. A zombie counts as ended.
 */
export async function isProcess(exec: Exec, pid: number, words: readonly string[]): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const line = await commandLine(exec, pid);
  return line !== '' && words.every((word) => line.includes(word));
}

async function commandLine(exec: Exec, pid: number): Promise<string> {
  if (process.platform === 'linux') {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim();
  }
  const { stdout, exitCode } = await exec.run('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { quiet: true });
  return exitCode === 0 ? stdout.trim() : '';
}

/** The number in a pid file, or undefined when there is none. */
export async function readPidFile(file: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}
