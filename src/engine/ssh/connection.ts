import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel, PublicKeyAuthMethod, SFTPWrapper } from 'ssh2';
import type { SshTarget } from './ssh.js';
import { authRefused, channelRefused, connectError, hostKeyMismatch, lost, refused, timedOut } from './ssh-errors.js';

const KEEPALIVE = { keepaliveInterval: 5000, keepaliveCountMax: 3 };

/** A verified and authenticated connection. It never dials again: a dropped one stays dead. */
export class Connection {
  alive = true;
  /** Sessions in use; sshd allows 10 on a connection. */
  sessions = 0;
  /** Why it dropped, as far as known. */
  reason: Error | undefined;

  constructor(
    readonly target: SshTarget,
    readonly client: Client,
  ) {
    // Each request that waits for an answer listens for the end of the connection.
    client.setMaxListeners(0);
    client.on('error', (error) => {
      this.reason ??= error;
      // Through a jump host no `close` may follow: the machine restarted, and the way to it is still open.
      this.alive = false;
    });
    client.on('close', () => {
      this.alive = false;
    });
  }

  /** What is known about its end, for errors. */
  get why(): { why?: string } {
    return this.reason === undefined ? {} : { why: `ssh says: ${this.reason.message}` };
  }

  /** Starts a command. Rejects with SSH_LOST when the connection is dead, SSH_CHANNEL when the machine refuses. */
  exec(command: string): Promise<ClientChannel> {
    return this.#open('to run a command', (done) => this.client.exec(command, done));
  }

  sftp(): Promise<SFTPWrapper> {
    return this.#open('to transfer files (sftp)', (done) => this.client.sftp(done));
  }

  forward(host: string, port: number): Promise<ClientChannel> {
    return this.#open(`a way on to ${host}:${port}`, (done) =>
      this.client.forwardOut('127.0.0.1', 0, host, port, done),
    );
  }

  close(): void {
    this.alive = false;
    this.client.end();
    this.client.destroy();
  }

  #open<T>(what: string, request: (done: (error: Error | undefined, value: T) => void) => void): Promise<T> {
    const started = Date.now();
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        const detail = { why: `ssh says: ${(this.reason ?? (error as Error)).message}`, cause: error };
        const dead = !this.alive || !(error instanceof Error && 'reason' in error);
        if (dead) {
          // Nobody is to be given this connection again.
          this.close();
          reject(lost(this.target, Date.now() - started, detail));
        } else reject(channelRefused(this.target, what, detail));
      };
      const onClose = () => fail(new Error('the connection was closed'));
      this.client.once('close', onClose);
      try {
        request((error, value) => {
          this.client.off('close', onClose);
          if (error === undefined || error === null) resolve(value);
          else fail(error);
        });
      } catch (error) {
        this.client.off('close', onClose);
        fail(error);
      }
    });
  }
}

/**
 * Connects once, within `timeout` milliseconds; through `via` where the target names a jump host. Rejects with LabError, or
 * with the signal's reason.
 */
export async function dial(
  target: SshTarget,
  via: Connection | undefined,
  timeout: number,
  signal: AbortSignal,
): Promise<Connection> {
  const [type = '', expected = ''] = target.hostKey.split(' ');
  const privateKey = await readFile(target.privateKeyFile).catch((cause) => {
    throw authRefused(target, { why: `The key file cannot be read: ${cause.message}`, cause });
  });
  const { default: ssh2 } = await import('ssh2');
  const client = new ssh2.Client();
  const auth: PublicKeyAuthMethod = { type: 'publickey', username: target.user, key: privateKey };
  const deadline = Date.now() + timeout;
  return await new Promise((resolve, reject) => {
    let settled = false;
    const finish = (error: unknown) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      client.destroy();
      reject(connectError(target, error, timeout));
    };
    const onAbort = () => finish(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => finish(timedOut(target, timeout)), timeout);
    if (signal.aborted) return onAbort();
    const connect = (sock?: Duplex) => {
      if (settled) return void sock?.destroy();
      // When the machine is gone, the way to it through the jump host stays open at this end.
      sock?.once('end', () => sock.destroy());
      client.connect({
        ...(sock === undefined ? { host: target.host, port: target.port } : { sock: sock as never }),
        ...KEEPALIVE,
        username: target.user,
        authHandler: [auth],
        algorithms: { serverHostKey: [type as 'ssh-ed25519'] },
        hostVerifier: (key: Buffer) => {
          const matches = key.equals(Buffer.from(expected, 'base64'));
          if (!matches) finish(hostKeyMismatch(target));
          return matches;
        },
        readyTimeout: Math.max(1, deadline - Date.now()),
      });
    };
    client.on('error', finish);
    // QEMU accepts connections for a machine that does not listen yet, and drops them.
    client.on('close', () => finish(refused(target, { why: 'The connection was dropped before ssh greeted.' })));
    client.once('ready', () => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      client.setNoDelay(true);
      client.off('error', finish);
      resolve(new Connection(target, client));
    });
    if (via === undefined) connect();
    else
      via
        .forward(target.host, target.port)
        .then(connect, (error) => finish(viaError(target, error)))
        .catch(finish);
  });
}

/** The jump host works but does not reach the machine behind it: that is the machine's fault, not the jump host's. */
function viaError(target: SshTarget, error: { code?: string; why?: string }): unknown {
  if (error.code !== 'SSH_CHANNEL') return error;
  const why = `${target.via?.machine} could not reach it. ${error.why ?? ''}`;
  return refused(target, { why, cause: error });
}
