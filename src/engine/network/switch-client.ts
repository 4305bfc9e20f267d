import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { parse } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../errors.js';
import type { Exec } from '../exec.js';
import { isProcess, readPidFile } from '../process-identity.js';
import {
  type PortSpec,
  type SwitchAnswer,
  type SwitchRequest,
  type SwitchStatistics,
  switchFiles,
} from './switch-protocol.js';
import { askSwitch } from './switch-request.js';

export interface SwitchClientOptions {
  exec: Exec;
  /** Absolute path of the built switch.js. */
  script: string;
  runtimeDirectory: string;
  pcapFile: string;
  /** How long, in milliseconds, a switch without connected machines waits before it ends; default 30 s. */
  linger?: number;
}

/** Talks to the lab's switch process and starts it where it is needed. All reject with LabError SWITCH_FAILED. */
export interface SwitchClient {
  /** Resolves with its pid; `started` when there was none (or it hung) and a new one was started. */
  ensureRunning(): Promise<{ pid: number; started: boolean }>;
  add(port: PortSpec): Promise<void>;
  /** Never starts a switch. */
  remove(name: string): Promise<void>;
  link(name: string, up: boolean): Promise<void>;
  /** undefined when no switch runs. Never starts one. */
  statistics(): Promise<SwitchStatistics | undefined>;
  /** Resolves when all frames seen so far are in the capture file. */
  flush(): Promise<void>;
  /** Ends the switch if it runs and waits for that. */
  stop(): Promise<void>;
}

const START_TIMEOUT = 15_000;
const REQUEST_TIMEOUT = 5000;

export function createSwitchClient(options: SwitchClientOptions): SwitchClient {
  const files = switchFiles(options.runtimeDirectory);
  let starting: Promise<{ pid: number; started: boolean }> | undefined;

  const ask = (request: SwitchRequest, timeout = REQUEST_TIMEOUT) => askSwitch(files.control, request, timeout);

  /** The answer, or undefined when nobody listens. */
  async function ping(): Promise<number | undefined> {
    const answer = await ask({ command: 'ping' }).catch(() => undefined);
    return answer?.ok ? answer.pid : undefined;
  }

  async function start(): Promise<{ pid: number; started: boolean }> {
    const running = await ping();
    if (running !== undefined) return { pid: running, started: false };
    await killHung();
    const args = [options.script, '--runtime', options.runtimeDirectory, '--pcap', options.pcapFile];
    if (options.linger !== undefined) args.push('--linger', String(options.linger));
    await mkdir(options.runtimeDirectory, { recursive: true, mode: 0o700 });
    await options.exec.daemon(process.execPath, args, { logFile: files.log, cwd: parse(process.cwd()).root });
    const deadline = Date.now() + START_TIMEOUT;
    while (Date.now() < deadline) {
      await sleep(25);
      const pid = existsSync(files.control) ? await ping() : undefined;
      if (pid !== undefined) return { pid, started: true };
    }
    throw failed('The switch of the private network did not start.', lastLines(files.log));
  }

  /** One that has a pid but does not answer would keep the machines' sockets busy. */
  async function killHung(): Promise<void> {
    const pid = await readPidFile(files.pid);
    if (pid !== undefined && (await isSwitch(pid))) process.kill(pid, 'SIGKILL');
  }

  const isSwitch = (pid: number) => isProcess(options.exec, pid, [options.runtimeDirectory, '--pcap']);

  async function request(body: SwitchRequest): Promise<void> {
    let answer: SwitchAnswer;
    try {
      answer = await ask(body);
    } catch {
      await client.ensureRunning();
      answer = await ask(body).catch((error: Error) => {
        throw failed(`The switch did not answer to ${body.command}: ${error.message}.`, lastLines(files.log));
      });
    }
    if (!answer.ok) throw failed(`The switch refused ${body.command}: ${answer.error}.`);
  }

  const client: SwitchClient = {
    ensureRunning: () => {
      starting ??= start().finally(() => {
        starting = undefined;
      });
      return starting;
    },
    add: (port) => request({ command: 'add', ...port }),
    remove: async (name) => {
      const answer = await ask({ command: 'remove', name }).catch(() => undefined);
      if (answer === undefined) forgetPort(files.ports, name);
    },
    link: (name, up) => request({ command: 'link', name, up }),
    statistics: async () => {
      const answer = await ask({ command: 'statistics' }).catch(() => undefined);
      return answer?.ok ? answer.statistics : undefined;
    },
    flush: async () => {
      await ask({ command: 'flush' }).catch(() => undefined);
    },
    stop: async () => {
      const pid = await ping();
      if (pid === undefined) return killHung();
      await ask({ command: 'stop' }).catch(() => undefined);
      for (let i = 0; i < 200 && (await isSwitch(pid)); i += 1) await sleep(25);
      await killHung();
    },
  };
  return client;
}

/** Takes a port out of the file while no switch runs, so that the next one does not dial it. */
function forgetPort(file: string, name: string): void {
  try {
    const ports = JSON.parse(readFileSync(file, 'utf8')) as PortSpec[];
    writeFileSync(`${file}.tmp`, JSON.stringify(ports.filter((port) => port.name !== name)), { mode: 0o600 });
    renameSync(`${file}.tmp`, file);
  } catch {
    // No file, nothing to forget.
  }
}

function lastLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-20);
  } catch {
    return [];
  }
}

function failed(message: string, evidence: string[] = []): LabError {
  return new LabError({
    code: 'SWITCH_FAILED',
    message,
    evidence,
    remedy: ['Run the command again: the switch is started anew where needed.'],
  });
}
