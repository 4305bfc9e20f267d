import { mkdir, rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Exec } from '../../exec.js';
import type { SwitchClient } from '../../network/switch-client.js';
import { ignitionMissing, notCreated } from '../common/errors.js';
import { exists } from '../common/exists.js';
import { checkMemory, type RunningMachine } from '../common/memory.js';
import { checkPort } from '../common/port-check.js';
import { writeRecord } from '../common/record.js';
import { checkSocketPaths } from '../common/socket-paths.js';
import type { MachineSpec } from '../provider.js';
import { type Accelerator, qemuArgs } from './args.js';
import { startFailed } from './errors.js';
import { giveWay } from './give-way.js';
import type { Machines } from './machine.js';
import { type MachinePaths, socketPaths } from './paths.js';

export interface Starter {
  /** Starts QEMU unless it runs. `paused`: the virtual CPU waits for a savepoint to be loaded. */
  start(spec: MachineSpec, options: { paused: boolean; signal?: AbortSignal | undefined }): Promise<void>;
}

export interface StarterOptions {
  exec: Exec;
  machines: Machines;
  wire: SwitchClient;
  runtimeDirectory: string;
  accelerator: (signal: AbortSignal | undefined) => Promise<Accelerator>;
  oneAtATime: <T>(key: string, task: () => Promise<T>) => Promise<T>;
}

/** A machine on a slow, loaded host still has its QEMU up well within this. */
const LAUNCH_TIMEOUT = 120_000;

export function createStarter(options: StarterOptions): Starter {
  const { exec, machines, wire } = options;
  /** MiB of machines between the memory check and the moment their QEMU counts as running. */
  const reserved = new Map<string, number>();

  async function running(except: string): Promise<RunningMachine[]> {
    const found: RunningMachine[] = [];
    for (const name of await machines.names()) {
      if (name === except) continue;
      const [pid, spec] = [await machines.pid(name), await machines.spec(name)];
      if (pid !== undefined && spec !== undefined) found.push({ pid, memoryMiB: spec.memoryMiB });
    }
    return found;
  }

  async function reserve(spec: MachineSpec, accelerator: Accelerator): Promise<void> {
    const others = await running(spec.name);
    let sum = 0;
    for (const megabytes of reserved.values()) sum += megabytes;
    reserved.set(spec.name, spec.memoryMiB);
    await checkMemory({
      machine: spec.name,
      memoryMiB: spec.memoryMiB,
      emulated: accelerator === 'tcg',
      running: others,
      reserved: sum,
    });
  }

  async function launch(spec: MachineSpec, paths: MachinePaths, accelerator: Accelerator, how: LaunchOptions) {
    const args = qemuArgs(spec, { paths, accelerator, paused: how.paused });
    const result = await exec.run('qemu-system-x86_64', args, {
      machine: spec.name,
      timeout: LAUNCH_TIMEOUT,
      ...(how.signal === undefined ? {} : { signal: how.signal }),
    });
    if (result.exitCode === 0) {
      const pid = spec.role === 'node' ? await machines.pid(spec.name) : undefined;
      if (pid !== undefined) await giveWay(pid);
      return;
    }
    // Two starts of one machine: QEMU's lock on the pid file let only one through, and that is all that was wanted.
    if (/pid file/i.test(result.stderr) && (await machines.pid(spec.name)) !== undefined) return;
    throw startFailed(spec.name, result.timedOut ? `no start within ${LAUNCH_TIMEOUT} ms` : result.stderr, {
      directory: paths.directory,
      ...(spec.uplink === undefined ? {} : { sshPort: spec.uplink.sshPort }),
    });
  }

  async function prepare(spec: MachineSpec, paths: MachinePaths): Promise<void> {
    if (spec.ignitionFile !== undefined && !(await exists(spec.ignitionFile))) {
      throw ignitionMissing(spec.name, spec.ignitionFile);
    }
    if (spec.uplink !== undefined) await checkPort(spec.name, spec.uplink.sshPort);
    await mkdir(options.runtimeDirectory, { recursive: true, mode: 0o700 });
    // Left behind by a QEMU that was killed.
    await Promise.all([paths.pid, ...socketPaths(paths)].map((file) => rm(file, { force: true })));
  }

  async function startUnlessRunning(spec: MachineSpec, how: LaunchOptions): Promise<void> {
    const paths = machines.paths(spec.name);
    checkSocketPaths(socketPaths(paths));
    const recorded = await machines.spec(spec.name);
    if (recorded === undefined || !(await exists(paths.disk))) throw notCreated(spec.name);
    if ((await machines.pid(spec.name)) !== undefined) return;
    how.signal?.throwIfAborted();
    const accelerator = await options.accelerator(how.signal);
    try {
      await reserve(spec, accelerator);
      await prepare(spec, paths);
      if (!isDeepStrictEqual(recorded, spec)) await writeRecord(paths.spec, spec);
      await launch(spec, paths, accelerator, how);
    } finally {
      reserved.delete(spec.name);
    }
  }

  return {
    start: async (spec, how) => {
      await options.oneAtATime(spec.name, () => startUnlessRunning(spec, how));
      // Also for a machine that ran: the switch may have died since.
      await wire.add({ name: spec.name, path: machines.paths(spec.name).wire });
    },
  };
}

interface LaunchOptions {
  paused: boolean;
  signal?: AbortSignal | undefined;
}
