import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PowerState } from '../../events.js';
import type { Exec } from '../../exec.js';
import { isProcess, readPidFile } from '../../process-identity.js';
import { exists } from '../common/exists.js';
import { machineNames } from '../common/machine-directory.js';
import { readRecord } from '../common/record.js';
import type { MachineSpec } from '../provider.js';
import { notAnswering } from './errors.js';
import { type MachinePaths, machinePaths, socketPaths } from './paths.js';
import { type QmpClient, withQmp } from './qmp.js';

const QMP_TIMEOUT = 10_000;
/** Polling must not hang on a QEMU that is busy saving. */
const STATE_TIMEOUT = 1500;

export interface Machines {
  paths(name: string): MachinePaths;
  /** Names of all machines of the lab, created or half-created. */
  names(): Promise<string[]>;
  /** undefined unless create() was completed. */
  spec(name: string): Promise<MachineSpec | undefined>;
  /** The pid of the machine's QEMU, verified to be ours; undefined when it does not run. */
  pid(name: string): Promise<number | undefined>;
  state(name: string): Promise<PowerState>;
  /** Talks to the QEMU of a running machine; rejects with QEMU_NOT_ANSWERING naming `action`. */
  qmp<T>(name: string, action: string, use: (qmp: QmpClient) => Promise<T>): Promise<T>;
  /** Ends QEMU: by QMP, then SIGTERM, then SIGKILL. Afterwards the machine counts as powered off. */
  end(name: string): Promise<void>;
}

export function createMachines(options: { exec: Exec; labDirectory: string; runtimeDirectory: string }): Machines {
  const paths = (name: string) => machinePaths(options.labDirectory, options.runtimeDirectory, name);

  async function pid(name: string): Promise<number | undefined> {
    const file = paths(name).pid;
    const number = await readPidFile(file);
    if (number === undefined) return undefined;
    return (await isProcess(options.exec, number, ['-pidfile', file])) ? number : undefined;
  }

  async function state(name: string): Promise<PowerState> {
    const files = paths(name);
    if (!(await exists(files.spec))) return 'not_created';
    if ((await pid(name)) === undefined) return (await exists(files.pid)) ? 'aborted' : 'poweroff';
    try {
      const answer = await withQmp(files.monitor, STATE_TIMEOUT, (qmp) =>
        qmp.execute('query-status', undefined, STATE_TIMEOUT),
      );
      return stateOf((answer as { status: string }).status);
    } catch {
      // Ended meanwhile, or busy with a savepoint.
      if ((await pid(name)) !== undefined) return 'running';
      return (await exists(files.pid)) ? 'aborted' : 'poweroff';
    }
  }

  async function waitForEnd(name: string, milliseconds: number): Promise<boolean> {
    const deadline = Date.now() + milliseconds;
    while ((await pid(name)) !== undefined) {
      if (Date.now() > deadline) return false;
      await sleep(20);
    }
    return true;
  }

  async function end(name: string): Promise<void> {
    const files = paths(name);
    const signals: (NodeJS.Signals | undefined)[] = [undefined, 'SIGTERM', 'SIGKILL'];
    for (const signal of signals) {
      const number = await pid(name);
      if (number === undefined) break;
      if (signal === undefined) {
        const quit = withQmp(files.qmp, 2000, (qmp) => qmp.execute('quit', undefined, 2000));
        if (
          (await quit.then(
            () => true,
            () => false,
          )) === false &&
          (await pid(name)) !== undefined
        )
          continue;
      } else {
        try {
          process.kill(number, signal);
        } catch {
          // It ended in this very moment.
        }
      }
      if (await waitForEnd(name, 5000)) break;
    }
    await Promise.all([files.pid, ...socketPaths(files)].map((file) => rm(file, { force: true })));
  }

  return {
    paths,
    pid,
    state,
    end,
    names: () => machineNames(options.labDirectory),
    spec: (name) => readRecord<MachineSpec>(paths(name).spec),
    qmp: async (name, action, use) => {
      try {
        return await withQmp(paths(name).qmp, QMP_TIMEOUT, use);
      } catch (error) {
        if (error instanceof Error && (error.name === 'QmpGone' || error.name === 'QmpError')) {
          throw notAnswering(name, action, error);
        }
        throw error;
      }
    },
  };
}

/** QEMU's run states in the words of the lab. */
function stateOf(status: string): PowerState {
  switch (status) {
    case 'running':
      return 'running';
    case 'shutdown':
      return 'stopping';
    case 'internal-error':
    case 'guest-panicked':
      return 'aborted';
    default:
      // paused, prelaunch, save-vm, restore-vm, io-error, suspended …: the virtual CPU stands still.
      return 'paused';
  }
}
