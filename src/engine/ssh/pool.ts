import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../errors.js';
import { abortable } from './abortable.js';
import { type Connection, dial } from './connection.js';
import type { SshTarget } from './ssh.js';

/** sshd's MaxSessions is 10; two stay free to end a command and to copy files. */
const SESSIONS = 8;
/** Waits before the second, third and fourth try of a machine that refuses: a restarted sshd is back within this. */
const BACKOFF = [250, 1000, 2000];
const CONNECT_TIMEOUT = 30_000;

export interface AcquireOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds for one try to connect. */
  timeout?: number | undefined;
  /** Try once only. */
  once?: boolean;
}

/** A connection with one of its sessions reserved until `release`. */
export interface Lease {
  connection: Connection;
  release(): void;
}

/** Keeps one connection for each target (more only when eight commands run at once) and dials again when it dropped. */
export class ConnectionPool {
  readonly #slots = new Map<string, Promise<Connection>>();
  #closed = false;

  async acquire(target: SshTarget, options: AcquireOptions = {}): Promise<Lease> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#acquireOnce(target, options);
      } catch (error) {
        const wait = BACKOFF[attempt];
        if (options.once || wait === undefined || !isTransient(error)) throw error;
        await sleep(wait, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(() =>
          options.signal?.throwIfAborted(),
        );
      }
    }
  }

  /** Ends all connections, those in the making included. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#slots.values()];
    this.#slots.clear();
    await Promise.allSettled(all.map(async (pending) => (await pending).close()));
  }

  async #acquireOnce(target: SshTarget, options: AcquireOptions): Promise<Lease> {
    for (let slot = 0; ; slot += 1) {
      if (this.#closed) throw closed(target);
      const connection = await abortable(this.#connect(target, slot, options), options.signal);
      if (connection.sessions >= SESSIONS) continue;
      connection.sessions += 1;
      let released = false;
      const release = () => {
        if (!released) connection.sessions -= 1;
        released = true;
      };
      return { connection, release };
    }
  }

  /** One dial at a time for each slot, shared by all who wait for it. */
  async #connect(target: SshTarget, slot: number, options: AcquireOptions): Promise<Connection> {
    const key = `${slot} ${targetKey(target)}`;
    const known = this.#slots.get(key);
    if (known !== undefined) {
      const connection = await known;
      if (connection.alive) return connection;
      if (this.#slots.get(key) === known) this.#slots.delete(key);
      return await this.#connect(target, slot, options);
    }
    const pending = this.#dial(target, options.timeout ?? CONNECT_TIMEOUT);
    this.#slots.set(key, pending);
    const forget = () => {
      if (this.#slots.get(key) === pending) this.#slots.delete(key);
    };
    pending.then((connection) => {
      connection.client.on('close', forget);
      if (this.#closed) connection.close();
    }, forget);
    return await pending;
  }

  async #dial(target: SshTarget, timeout: number): Promise<Connection> {
    const started = Date.now();
    const via = target.via === undefined ? undefined : await this.#connect(target.via, 0, { timeout });
    return await dial(target, via, Math.max(1, timeout - (Date.now() - started)));
  }
}

function targetKey(target: SshTarget): string {
  const { host, port, user, privateKeyFile, hostKey, via } = target;
  return JSON.stringify([host, port, user, privateKeyFile, hostKey, via === undefined ? null : targetKey(via)]);
}

function isTransient(error: unknown): boolean {
  return error instanceof LabError && (error.code === 'SSH_REFUSED' || error.code === 'SSH_LOST');
}

function closed(target: SshTarget): LabError {
  return new LabError({
    code: 'SSH_CLOSED',
    message: `The lab was closed while a command for ${target.machine} was still to run.`,
    remedy: ['Run the command again.'],
    machine: target.machine,
  });
}
