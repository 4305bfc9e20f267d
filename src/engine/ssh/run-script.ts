import type { ClientChannel } from 'ssh2';
import { TailBuffer } from '../exec-tail.js';
import { whenChannelEnds } from './channel-end.js';
import type { Connection } from './connection.js';
import { killCommand, PidLine } from './remote-command.js';
import type { SshResult, SshRunOptions } from './ssh.js';
import { lost } from './ssh-errors.js';

const DEFAULT_BUFFER = 1024 * 1024;
/** Longest wait for the end of a session that was told to end: SIGTERM, 3 s, SIGKILL, and a slow machine. */
const END = 15_000;

export interface RunningScript extends SshRunOptions {
  /** What the wrapper and the script read, see scriptInput. */
  stdin: string;
  nonce: string;
  /** When the caller began, milliseconds since the epoch. */
  started: number;
}

/** Follows one script on a channel that runs the wrapper. See Ssh.script for the contract. */
export async function followScript(
  connection: Connection,
  channel: ClientChannel,
  options: RunningScript,
): Promise<SshResult> {
  const { signal, started } = options;
  const pidLine = new PidLine(options.nonce);
  const stdout = new TailBuffer(options.maxBuffer ?? DEFAULT_BUFFER);
  const stderr = new TailBuffer(options.maxBuffer ?? DEFAULT_BUFFER);
  const end = whenChannelEnds(channel);
  let failure: { reason: unknown } | undefined;
  let timedOut = false;
  let ending: Promise<void> | undefined;

  const terminate = () => {
    ending ??= endSession(connection, pidLine.pid, end.closed).then(end.giveUp);
  };
  const fail = (reason: unknown) => {
    failure ??= { reason };
    terminate();
  };
  const deliver = (tail: TailBuffer, chunk: Buffer, listener: SshRunOptions['onStdout']) => {
    if (chunk.length === 0) return;
    tail.push(chunk);
    try {
      if (failure === undefined) listener?.(chunk);
    } catch (reason) {
      fail(reason);
    }
  };
  channel.on('data', (chunk: Buffer) => {
    const waiting = pidLine.pid === undefined;
    const output = pidLine.push(chunk);
    // Nothing is sent before the process id is known, so whatever runs can be ended.
    if (waiting && pidLine.pid !== undefined && ending === undefined) channel.end(options.stdin);
    deliver(stdout, output, options.onStdout);
  });
  channel.stderr.on('data', (chunk: Buffer) => deliver(stderr, chunk, options.onStderr));

  const onAbort = () => fail(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const onTimeout = () => {
    timedOut = true;
    terminate();
  };
  const remaining = (options.timeout ?? 0) - (Date.now() - started);
  const timer = options.timeout === undefined ? undefined : setTimeout(onTimeout, Math.max(1, remaining));
  try {
    const exit = await end.done;
    await ending;
    deliver(stdout, pidLine.noise, options.onStdout);
    if (failure !== undefined) throw failure.reason;
    const duration = Date.now() - started;
    if (exit === undefined && !timedOut) throw lost(connection.target, duration, connection.why);
    return {
      exitCode: exit?.code ?? null,
      stdout: stdout.toString(),
      stderr: stderr.toString(),
      timedOut,
      duration,
      ...(exit?.signal === undefined ? {} : { signal: exit.signal }),
    };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Ends what runs on the machine by a second channel. Never rejects, and always ends. */
async function endSession(connection: Connection, pid: number | undefined, closed: Promise<void>): Promise<void> {
  if (pid === undefined || !connection.alive) return;
  const kill = async () => {
    const killer = await connection.exec(killCommand(pid));
    killer.resume();
    killer.stderr.resume();
    await new Promise<void>((resolve) => killer.once('close', () => resolve()));
    await closed;
  };
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, END);
  });
  await Promise.race([kill().catch(() => {}), limit]);
  clearTimeout(timer);
}
