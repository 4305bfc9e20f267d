import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureLabKeys, type LabKeys } from '../../../src/engine/keys/keys.js';
import type { SshTarget } from '../../../src/engine/ssh/ssh.js';

const SSHD = '/usr/sbin/sshd';

/** A real OpenSSH server on a free loopback port, with its own keys, as the current user. */
export class Sshd {
  #process: ChildProcess | undefined;

  private constructor(
    readonly machine: string,
    /** Its own files, in a path without surprises. */
    readonly directory: string,
    readonly keys: LabKeys,
    readonly port: number,
  ) {}

  static async start(machine: string, keys: LabKeys, extra: string[] = []): Promise<Sshd> {
    const directory = await mkdtemp(join(tmpdir(), 'lab-sshd-'));
    const sshd = new Sshd(machine, directory, keys, await freePort());
    const file = (name: string) => join(directory, `${machine}.${name}`);
    await writeFile(file('host'), keys.host(machine).privateKey, { mode: 0o600 });
    await writeFile(file('authorized'), `${keys.user.publicKey}\n`, { mode: 0o600 });
    const config = [
      'ListenAddress 127.0.0.1',
      `Port ${sshd.port}`,
      `HostKey ${file('host')}`,
      `AuthorizedKeysFile ${file('authorized')}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'AllowTcpForwarding yes',
      'Subsystem sftp internal-sftp',
      ...extra,
    ];
    await writeFile(file('config'), `${config.join('\n')}\n`);
    // root's sshd wants its empty directory, which only the service makes.
    if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
    await sshd.up();
    return sshd;
  }

  get target(): SshTarget {
    return {
      machine: this.machine,
      host: '127.0.0.1',
      port: this.port,
      user: userInfo().username,
      privateKeyFile: this.keys.user.privateFile,
      hostKey: this.keys.host(this.machine).publicKey,
    };
  }

  async up(): Promise<void> {
    const config = join(this.directory, `${this.machine}.config`);
    const child = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    child.stderr.on('data', (chunk) => {
      log = (log + chunk).slice(-4000);
    });
    this.#process = child;
    for (let round = 0; !(await listens(this.port)); round += 1) {
      if (round > 200 || child.exitCode !== null) throw new Error(`sshd did not start:\n${log}`);
      await sleep(50);
    }
  }

  /** Ends it for good. */
  async dispose(): Promise<void> {
    await this.down();
    await remove(this.directory);
  }

  /** Ends the server with all its connections, as a power cut would. What ran in them is left to itself. */
  async down(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const servers = await this.connections();
    this.#process = undefined;
    child.kill('SIGKILL');
    await gone;
    for (const pid of servers) kill(pid, 'SIGKILL');
  }

  /** Ends the connections but keeps the server. */
  async cut(): Promise<void> {
    for (const pid of await this.connections()) kill(pid, 'SIGKILL');
  }

  /** The server and its connections neither run nor end. */
  async freeze(frozen: boolean): Promise<void> {
    const all = [this.#process?.pid ?? 0, ...(await this.connections())];
    for (const pid of all) kill(pid, frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Process ids of the sshd processes that serve connections. */
  async connections(): Promise<number[]> {
    const table = await processes();
    const found: number[] = [];
    const visit = (parent: number) => {
      for (const { pid, ppid, name } of table) {
        if (ppid !== parent || !name.startsWith('sshd')) continue;
        found.push(pid);
        visit(pid);
      }
    };
    if (this.#process?.pid !== undefined) visit(this.#process.pid);
    return found;
  }
}

/** Keys of a lab in a directory whose name is as awkward as a home directory may be. */
export async function labForSsh(machines: string[]): Promise<{ directory: string; keys: LabKeys }> {
  const directory = await mkdtemp(join(tmpdir(), 'lab ssh % '));
  return { directory, keys: await ensureLabKeys(join(directory, 'keys'), machines) };
}

interface Process {
  pid: number;
  ppid: number;
  name: string;
  state: string;
  command: string;
}

export async function processes(): Promise<Process[]> {
  const found: Process[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const [, name = '', state = '', ppid] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat) ?? [];
    if (ppid === undefined) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    found.push({ pid: Number(entry), ppid: Number(ppid), name, state, command: command.replaceAll('\0', ' ') });
  }
  return found;
}

/** Living processes whose command line contains the text. */
export async function running(text: string): Promise<number[]> {
  const all = await processes();
  return all.filter(({ command, state }) => state !== 'Z' && command.includes(text)).map(({ pid }) => pid);
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (let round = 0; round < 400; round += 1) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(50);
  }
  throw new Error(`waited in vain for ${what}`);
}

export async function remove(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
