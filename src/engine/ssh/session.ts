import { LabError } from '../errors.js';
import { abortable } from './abortable.js';
import type { Connection } from './connection.js';
import type { AcquireOptions, ConnectionPool } from './pool.js';
import type { SshTarget } from './ssh.js';
import { timedOut } from './ssh-errors.js';

export interface Session<T> {
  connection: Connection;
  handle: T;
  release(): void;
}

export interface SessionOptions extends AcquireOptions {
  /** Milliseconds until the session must be open; SSH_TIMEOUT after that. */
  timeout?: number | undefined;
}

/**
 * Opens something (a command, sftp) on the target's connection. A kept connection may turn out to be dead only now: then
 * once more on a new one, which is safe because nothing has run yet.
 */
export async function openSession<T extends { end(): unknown }>(
  pool: ConnectionPool,
  target: SshTarget,
  open: (connection: Connection) => Promise<T>,
  { timeout, signal, once }: SessionOptions = {},
): Promise<Session<T>> {
  const limit = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
  const signals = [signal, limit].filter((one) => one !== undefined);
  const either = signals.length === 0 ? undefined : AbortSignal.any(signals);
  try {
    for (let attempt = 0; ; attempt += 1) {
      const { connection, release } = await pool.acquire(target, { signal: either, once: once ?? false });
      const opening = open(connection);
      try {
        return { connection, handle: await abortable(opening, either), release };
      } catch (error) {
        opening.then((late) => late.end()).catch(() => {});
        release();
        const again = attempt === 0 && error instanceof LabError && error.code === 'SSH_LOST';
        if (!again) {
          // A connection that does not even open a session may be one to a machine that was reset.
          if (limit?.aborted && connection.sessions === 0) connection.close();
          throw error;
        }
      }
    }
  } catch (error) {
    if (limit?.aborted && !signal?.aborted && !(error instanceof LabError)) throw timedOut(target, timeout as number);
    throw error;
  }
}
