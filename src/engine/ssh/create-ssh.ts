import { randomBytes } from 'node:crypto';
import type { ClientChannel } from 'ssh2';
import { LabError } from '../errors.js';
import type { EventSink } from '../events.js';
import type { Exec } from '../exec.js';
import { quoteCommand } from '../exec-quote.js';
import { whenChannelEnds } from './channel-end.js';
import { ConfigFiles } from './config-files.js';
import type { Connection } from './connection.js';
import { put, sync } from './copy.js';
import { ConnectionPool } from './pool.js';
import { shellQuote } from './quote.js';
import { scriptInput, wrapperCommand } from './remote-command.js';
import { followScript } from './run-script.js';
import { openSession } from './session.js';
import type { Ssh, SshResult, SshTarget } from './ssh.js';

export interface SshParts {
  exec: Exec;
  /** Receives a `command` event for each script that is not quiet. */
  events: EventSink;
  /** Where config and known_hosts for the system's ssh are written; made if missing, 0700. */
  directory: string;
}

const READY_TIMEOUT = 10_000;

/** The one place that opens SSH connections. See Ssh for the contract. */
export function createSsh({ exec, events, directory }: SshParts): Ssh {
  const pool = new ConnectionPool();
  const files = new ConfigFiles(directory);

  const script: Ssh['script'] = async (target, text, options = {}) => {
    options.signal?.throwIfAborted();
    const started = Date.now();
    const nonce = randomBytes(8).toString('hex');
    const stdin = scriptInput(text, options.env) + (options.input ?? '');
    const report = (result?: SshResult) => {
      if (options.quiet) return;
      events.emit({
        type: 'command',
        line: options.label ?? commandLine(target, text),
        machine: target.machine,
        duration: Date.now() - started,
        ...(typeof result?.exitCode === 'number' ? { exitCode: result.exitCode } : {}),
      });
    };
    const open = (connection: Connection) => connection.exec(wrapperCommand(nonce));
    const { connection, handle, release } = await openSession(pool, target, open, options);
    try {
      const result = await followScript(connection, handle, { ...options, stdin, nonce, started });
      report(result);
      return result;
    } catch (error) {
      report();
      throw error;
    } finally {
      release();
    }
  };

  const ready: Ssh['ready'] = async (target, { timeout = READY_TIMEOUT, signal } = {}) => {
    const open = (connection: Connection) => connection.exec('true');
    try {
      const { handle, release } = await openSession<ClientChannel>(pool, target, open, { timeout, signal, once: true });
      const end = whenChannelEnds(handle);
      handle.resume();
      handle.stderr.resume();
      const timer = setTimeout(end.giveUp, timeout);
      try {
        const exit = await end.done;
        if (exit?.code === 0) return { ok: true };
        return { ok: false, reason: `${target.machine} accepts the login but cannot run a command yet.` };
      } finally {
        clearTimeout(timer);
        release();
      }
    } catch (error) {
      if (error instanceof LabError) return { ok: false, reason: error.message };
      throw error;
    }
  };

  const tools = { exec, pool, files, script };
  return {
    script,
    ready,
    sync: (target, local, remote, options) => sync(tools, target, local, remote, options),
    put: (target, local, remote, options) => put(tools, target, local, remote, options),
    command: (target, remote = []) => ({
      program: 'ssh',
      args: [
        '-F',
        files.write(target),
        target.machine,
        ...(remote.length === 0 ? [] : ['--', ...remote.map(shellQuote)]),
      ],
    }),
    config: (targets) => files.blocks(targets),
    drop: () => pool.drop(),
    close: () => pool.close(),
  };
}

/** For the command log: the script as an argument if it is one line, else its first line and its length. */
function commandLine(target: SshTarget, script: string): string {
  const lines = script.split('\n').filter((line) => line.trim() !== '');
  if (lines.length <= 1) return quoteCommand('ssh', [target.machine, lines[0]?.trim() ?? '']);
  return `ssh ${target.machine} bash -euo pipefail -s  # ${lines.length} lines: ${lines[0]?.trim()} …`;
}
