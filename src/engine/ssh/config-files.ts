import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SshTarget } from './ssh.js';
import { hostBlock, knownHostsLine, machineName, withJumpHosts } from './ssh-config.js';

/**
 * Files for the system's ssh, below `directory`: <machine>.known_hosts and <machine>.ssh_config. One set for each machine, so
 * that two programs that write at once cannot undo each other's work.
 */
export class ConfigFiles {
  constructor(readonly directory: string) {}

  /** Writes what `ssh -F` needs for this target; returns the path of the config. */
  write(target: SshTarget): string {
    const file = join(this.directory, `${machineName(target)}.ssh_config`);
    writeChanged(this.directory, file, this.blocks([target], file));
    return file;
  }

  /**
   * Host blocks of the targets and their jump hosts, for `ssh -F config` or else for the user's own config; the known_hosts
   * files that they name are written.
   */
  blocks(targets: readonly SshTarget[], config?: string): string {
    const blocks = withJumpHosts(targets).map((target) => {
      const knownHosts = join(this.directory, `${machineName(target)}.known_hosts`);
      const block = hostBlock(target, { knownHosts, ...(config === undefined ? {} : { config }) });
      writeChanged(this.directory, knownHosts, knownHostsLine(target));
      return block;
    });
    return blocks.join('\n');
  }
}

function writeChanged(directory: string, file: string, text: string): void {
  try {
    if (readFileSync(file, 'utf8') === text) return;
  } catch {
    // Not there yet.
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}
