import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../errors.js';
import { abortable } from './abortable.js';
import { type Connection, dial } from './connection.js';
import type { SshTarget } from './ssh.js';

/** sshd's MaxSessions is 10; two stay free to end a command and to copy files. */
const SESSIONS = 8;
/** Waits before the second, third and fourth try of a machine that refuses: a restarted sshd is back within this. */
const BACKOFF = [250, 1000, 2000];
/** Milliseconds for one try to connect, login included. */
const CONNECT_TIMEOUT = 30_000;

export interface AcquireOptions {
  signal?: AbortSignal | undefined;
  /** Try once only. */
  once?: boolean;
}

/** A connection with one of its sessions reserved until `release`. */
export interface Lease {
  connection: Connection;
  release(): void;
}

interface Slot {
  connection: Promise<Connection>;
  settled: boolean;
  waiters: number;
  cancel: AbortController;
}

/** Keeps one connection for each target (more only when eight commands run at once) and dials again when it dropped. */
export class ConnectionPool {
  readonly #slots = new Map<string, Slot>();
  #closed = false;

  async acquire(target: SshTarget, options: AcquireOptions = {}): Promise<Lease> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#acquireOnce(target, options.signal);
      } catch (error) {
        const wait = BACKOFF[attempt];
        if (options.once || wait === undefined || !isTransient(error)) throw error;
        await abortable(sleep(wait), options.signal);
      }
    }
  }

  /** Ends all connections, those in the making included, and takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.drop();
  }

  /** Ends all connections; the next command dials again. */
  async drop(): Promise<void> {
    const all = [...this.#slots.values()];
    this.#slots.clear();
    for (const { cancel } of all) cancel.abort();
    await Promise.allSettled(all.map(async ({ connection }) => (await connection).close()));
  }

  async #acquireOnce(target: SshTarget, signal: AbortSignal | undefined): Promise<Lease> {
    for (let slot = 0; ; slot += 1) {
      const connection = await this.#connect(target, slot, signal);
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

  async #connect(target: SshTarget, number: number, signal: AbortSignal | undefined): Promise<Connection> {
    const key = `${number} ${targetKey(target)}`;
    for (;;) {
      if (this.#closed) throw closed(target);
      signal?.throwIfAborted();
      const slot = this.#slots.get(key) ?? this.#begin(key, target);
      slot.waiters += 1;
      try {
        const connection = await abortable(slot.connection, signal);
        if (connection.alive) return connection;
        this.#forget(key, slot);
      } finally {
        slot.waiters -= 1;
        // A dial that nobody waits for must not keep the next one waiting: a machine that boots answers only new ones.
        if (slot.waiters === 0 && !slot.settled) {
          this.#forget(key, slot);
          slot.cancel.abort();
        }
      }
    }
  }

  /** One dial at a time for each slot, shared by all who wait for it. */
  #begin(key: string, target: SshTarget): Slot {
    const cancel = new AbortController();
    const slot: Slot = { connection: this.#dial(target, cancel.signal), settled: false, waiters: 0, cancel };
    this.#slots.set(key, slot);
    slot.connection.then(
      (connection) => {
        slot.settled = true;
        connection.client.on('close', () => this.#forget(key, slot));
        if (cancel.signal.aborted) connection.close();
      },
      () => {
        slot.settled = true;
        this.#forget(key, slot);
      },
    );
    return slot;
  }

  async #dial(target: SshTarget, signal: AbortSignal): Promise<Connection> {
    const started = Date.now();
    const via = target.via === undefined ? undefined : await this.#connect(target.via, 0, signal);
    return await dial(target, via, Math.max(1, CONNECT_TIMEOUT - (Date.now() - started)), signal);
  }

  #forget(key: string, slot: Slot): void {
    if (this.#slots.get(key) === slot) this.#slots.delete(key);
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
