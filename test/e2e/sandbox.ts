import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);
const bin = resolve('bin/coreos-lab.js');

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Followed {
  ended: Promise<Finished>;
  said(pattern: RegExp): Promise<void>;
  /** Ctrl-C. */
  interrupt(): Promise<Finished>;
}

/**
 * A user with an empty state directory and this computer's own image cache, so that tests leave the real labs alone and do
 * not build the image again.
 */
export class Sandbox {
  private constructor(
    readonly directory: string,
    readonly env: NodeJS.ProcessEnv,
  ) {}

  static async create(): Promise<Sandbox> {
    const directory = await mkdtemp(join(tmpdir(), 'lab-e2e-'));
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      XDG_STATE_HOME: join(directory, 'state'),
      XDG_RUNTIME_DIR: join(directory, 'run'),
      XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      TERM: 'xterm-256color',
    };
    delete env.CI;
    delete env.NO_COLOR;
    delete env.VITEST;
    delete env.NODE_ENV;
    return new Sandbox(directory, env);
  }

  /** Starts `coreos-lab …` and resolves with what it printed; an exit code is a result. */
  async lab(args: string[], options: { cwd?: string; input?: string; timeout?: number } = {}): Promise<Finished> {
    const child = this.spawn(args, options.cwd);
    child.stdin.end(options.input ?? '');
    return await finished(child, options.timeout ?? 300_000);
  }

  spawn(args: string[], cwd = this.directory) {
    return spawn(process.execPath, [bin, ...args], { cwd, env: this.env, stdio: 'pipe' });
  }

  /** Starts a command that runs on meanwhile: what it says can be waited for. */
  follow(args: string[], timeout = 700_000): Followed {
    const child = this.spawn(args);
    let output = '';
    let over = false;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const ended = finished(child, timeout).finally(() => {
      over = true;
    });
    // Whoever waits for what it says hears of its end by that.
    ended.catch(() => undefined);
    const said = async (pattern: RegExp) => {
      const look = async () => {
        if (pattern.test(output)) return true;
        if (over) throw new Error(`coreos-lab ${args.join(' ')} ended without ${pattern}: ${output.slice(-3000)}`);
        return false;
      };
      await until(`coreos-lab ${args.join(' ')} to say ${pattern}`, look, timeout);
    };
    return {
      ended,
      said,
      interrupt: () => {
        child.kill('SIGINT');
        return ended;
      },
    };
  }

  /** Resolves when a machine's console shows it. */
  async shown(machine: string, pattern: RegExp, timeout = 400_000): Promise<void> {
    const file = join(this.directory, 'state/coreos-lab/labs/default/machines', machine, 'console.log');
    await until(
      `the console of ${machine} to show ${pattern}`,
      async () => pattern.test(await readFile(file, 'utf8').catch(() => '')),
      timeout,
    );
  }

  /** The command line of the program as a shell would need it, for tmux. */
  command(args: string[]): string[] {
    return [process.execPath, bin, ...args];
  }

  /** Processes (other than this one) whose command line names this sandbox: machines, switch, shells. */
  async processes(pattern: RegExp): Promise<{ pid: number; command: string }[]> {
    const found: { pid: number; command: string }[] = [];
    for (const entry of await readdir('/proc')) {
      if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
      const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
      const line = command.replaceAll('\0', ' ');
      if (line.includes(this.directory) && pattern.test(line)) found.push({ pid: Number(entry), command: line });
    }
    return found;
  }

  /** Destroys the machines; whatever is still running of this sandbox is an error of the program, and is killed. */
  async dispose(): Promise<string[]> {
    const destroyed = await this.lab(['destroy', '--yes']);
    await new Promise((wake) => setTimeout(wake, 1500));
    const left = await this.processes(/qemu-system|switch\.js/);
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
    return [...(destroyed.code === 0 ? [] : [destroyed.stderr]), ...left.map(({ command }) => command)];
  }
}

export function finished(child: ReturnType<Sandbox['spawn']>, timeout: number): Promise<Finished> {
  return new Promise((done, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`no end after ${timeout} ms\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`));
    }, timeout);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      done({ code, stdout, stderr });
    });
  });
}

export async function until<T>(what: string, look: () => Promise<T | undefined | false>, timeout = 60_000): Promise<T> {
  const end = Date.now() + timeout;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${timeout / 1000} s in vain for ${what}`);
    await new Promise((wake) => setTimeout(wake, 200));
  }
}
