import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { LabError } from '../errors.js';

export interface LockHolder {
  pid: number;
  /** Distinguishes the holder from a later process with the same number. */
  started: string;
  host: string;
  /** What it is doing, e.g. `coreos-lab run sandbox`. */
  command: string;
  /** Milliseconds since the epoch. */
  since: number;
}

export interface Lock {
  release(): void;
}

/**
 * Takes the lab for this process. Throws LabError LAB_BUSY (exit code 2) naming the holder. A holder that is no longer alive is
 * not waited for.
 */
export function acquireLock(file: string, options: { command: string }): Lock {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const mine: LockHolder = {
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    host: hostname(),
    command: options.command,
    since: Date.now(),
  };
  for (let tries = 0; tries < 5; tries++) {
    if (create(file, mine)) return { release: () => release(file, mine) };
    const holder = readLock(file);
    if (holder !== undefined && isAlive(holder)) throw busy(holder);
    rmSync(file, { force: true });
  }
  throw new LabError({
    code: 'LAB_BUSY',
    message: `The lock ${file} cannot be taken: other programs keep taking it.`,
    remedy: ['Wait for them to end and run the command again.'],
    exitCode: 2,
  });
}

/** Who holds the lock now; undefined when it is free or its holder has died. */
export function lockHolder(file: string): LockHolder | undefined {
  const holder = readLock(file);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

function create(file: string, holder: LockHolder): boolean {
  try {
    const handle = openSync(file, 'wx', 0o600);
    writeSync(handle, `${JSON.stringify(holder)}\n`);
    closeSync(handle);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readLock(file: string): LockHolder | undefined {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<LockHolder>;
    return typeof value.pid === 'number' && typeof value.started === 'string' ? (value as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}

/** A lock made on another computer (a shared home) is believed: it cannot be looked at from here. */
function isAlive(holder: LockHolder): boolean {
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startOf(holder.pid) === holder.started;
}

/** When a process was started, as an opaque text; undefined when that cannot be told. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // Field 22 counts from the boot; the name in field 2 may hold spaces, so count from its closing parenthesis.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    }
    if (process.platform === 'win32') return '';
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function release(file: string, mine: LockHolder): void {
  const holder = readLock(file);
  if (holder?.pid === mine.pid && holder.started === mine.started) rmSync(file, { force: true });
}

function busy(holder: LockHolder): LabError {
  const since = new Date(holder.since).toTimeString().slice(0, 5);
  return new LabError({
    code: 'LAB_BUSY',
    message: `This lab is in use by "${holder.command}" (process ${holder.pid} on ${holder.host}, since ${since}).`,
    remedy: [
      'Go on in that window, or end it there (q).',
      'Commands that only look work meanwhile: coreos-lab status, ssh, exec, console, logs.',
      'For a second lab beside it, use --lab with a file that has another name.',
    ],
    exitCode: 2,
  });
}
