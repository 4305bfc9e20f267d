import type { Exec } from '../exec.js';
import { rsyncShellQuote } from './quote.js';
import type { SshTarget } from './ssh.js';
import { copyFailed } from './ssh-errors.js';

export interface SyncOptions {
  delete?: boolean;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/** rsync's exit codes for "I do not know this option" and "the other side does not". */
const INCOMPATIBLE = new Set([1, 2, 4]);

/**
 * Copies by rsync over the system's ssh with the lab's config. undefined when this rsync is too old or a look-alike: sftp has
 * to do it. `remoteDir` must exist.
 */
export async function syncByRsync(
  exec: Exec,
  configFile: string,
  target: SshTarget,
  localDir: string,
  remoteDir: string,
  total: number,
  options: SyncOptions,
): Promise<{ files: number; bytes: number } | undefined> {
  const shell = ['ssh', '-F', configFile, '-o', 'BatchMode=yes'].map(rsyncShellQuote).join(' ');
  const args = [
    '--archive',
    '--no-owner',
    '--no-group',
    '--protect-args',
    '--no-inc-recursive',
    '--no-human-readable',
    '--info=progress2',
    '--stats',
    ...(options.delete ? ['--delete'] : []),
    '-e',
    shell,
    '--',
    `${localDir.replace(/\/+$/, '')}/`,
    `${target.machine}:${remoteDir}/`,
  ];
  const result = await exec.run('rsync', args, {
    machine: target.machine,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onStdout: (chunk) => {
      const last = [...chunk.toString('latin1').matchAll(/(\d+)\s+\d+%/g)].at(-1)?.[1];
      if (last !== undefined) options.onProgress?.(Math.min(Number(last), total), total);
    },
  });
  if (result.exitCode !== null && INCOMPATIBLE.has(result.exitCode)) return undefined;
  if (result.exitCode !== 0) {
    const evidence = result.stderr.trim().split('\n').slice(-20);
    throw copyFailed(target, `Copying ${localDir} to ${remoteDir} by rsync`, {
      why: `rsync ended with ${result.exitCode ?? 'a signal'}: ${evidence.at(-1) ?? ''}`,
      evidence,
    });
  }
  options.onProgress?.(total, total);
  return {
    files: statistic(result.stdout, 'Number of regular files transferred'),
    bytes: statistic(result.stdout, 'Total transferred file size'),
  };
}

function statistic(text: string, name: string): number {
  return Number(new RegExp(`^${name}: ([\\d,.]+)`, 'm').exec(text)?.[1]?.replace(/\D/g, '') ?? 0);
}
