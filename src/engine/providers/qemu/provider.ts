import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSink } from '../../events.js';
import type { Exec } from '../../exec.js';
import { createSwitchClient, type SwitchClient } from '../../network/switch-client.js';
import { createOneAtATime } from '../../one-at-a-time.js';
import { attachConsole } from '../common/console.js';
import { notRunning, shutdownTimeout, withFileErrors } from '../common/errors.js';
import { exists } from '../common/exists.js';
import { writeRecord } from '../common/record.js';
import { createSavepointStore } from '../common/savepoint-store.js';
import { checkSocketPaths } from '../common/socket-paths.js';
import type { Provider } from '../provider.js';
import { requireUsable } from '../require-usable.js';
import type { ProbeImage } from './accelerator.js';
import { type Accelerator, PRIVATE_NIC } from './args.js';
import { createDisk } from './disks.js';
import { createMachines } from './machine.js';
import { monitorLine, nativeLines } from './native.js';
import { socketPaths } from './paths.js';
import { type Probed, probeQemu } from './probe.js';
import { takeScreenshot } from './screenshot.js';
import { createSnapshots } from './snapshots.js';
import { createStarter } from './start.js';

export interface QemuProviderOptions {
  exec: Exec;
  labDirectory: string;
  /** Short directory, mode 0700, for unix sockets. */
  runtimeDirectory: string;
  cacheDirectory: string;
  /** Absolute path of the built switch.js. */
  switchScript: string;
  events: EventSink;
  /** Kernel and initrd that prove an accelerator, once the image is there. */
  probeImage?: () => Promise<ProbeImage | undefined>;
}

export interface QemuProvider extends Provider {
  readonly name: 'qemu';
  /** The private network's switch: statistics, repair, and flushing of the capture. */
  readonly wire: SwitchClient;
}

/** A guest that is just starting ignores the power button, so it is pressed again from time to time. */
const PRESS_EVERY = 10_000;

export function createQemuProvider(options: QemuProviderOptions): QemuProvider {
  const { exec, events } = options;
  // QEMU changes its directory when it becomes a daemon.
  const labDirectory = resolve(options.labDirectory);
  const runtimeDirectory = resolve(options.runtimeDirectory);
  const machines = createMachines({ exec, labDirectory, runtimeDirectory });
  const store = createSavepointStore(labDirectory);
  const wire = createSwitchClient({
    exec,
    script: options.switchScript,
    runtimeDirectory,
    pcapFile: join(labDirectory, 'wire.pcap'),
  });
  const oneAtATime = createOneAtATime();
  const changing = <T>(name: string, task: () => Promise<T>) =>
    oneAtATime(name, () => withFileErrors(name, labDirectory, task));
  let probed: Probed | undefined;

  const probe = async (fresh: boolean, signal: AbortSignal | undefined): Promise<Probed> => {
    if (!fresh && probed !== undefined && !probed.verdict?.provisional) return probed;
    const { cacheDirectory, probeImage } = options;
    probed = await probeQemu({ exec, cacheDirectory, probeImage, fresh, signal });
    return probed;
  };

  const accelerator = async (signal: AbortSignal | undefined): Promise<Accelerator> => {
    const { report, verdict } = await probe(false, signal);
    requireUsable(report);
    return verdict?.accelerator ?? 'tcg';
  };

  const starter = createStarter({ exec, machines, wire, runtimeDirectory, accelerator, oneAtATime: changing });
  const snapshots = createSnapshots({ exec, machines, store, starter, labDirectory });

  /** A monitor command for a machine that must run; shown in the command log when it changes power. */
  async function act(name: string, action: string, command: string, args?: object): Promise<void> {
    if ((await machines.pid(name)) === undefined) throw notRunning(name, action);
    await machines.qmp(name, action, (qmp) => qmp.execute(command, args, 30_000));
    if (args === undefined)
      events.emit({ type: 'command', line: monitorLine(command, machines.paths(name)), machine: name });
  }

  const provider: QemuProvider = {
    name: 'qemu',
    wire,
    capabilities: { liveSnapshots: true, screenshot: true, linkControl: true, wire: true, loopback: '10.0.2.2' },

    probe: async (probeOptions = {}) => {
      try {
        return (await probe(probeOptions.fresh ?? false, probeOptions.signal)).report;
      } catch (error) {
        probeOptions.signal?.throwIfAborted();
        const message = `QEMU could not be tried: ${error instanceof Error ? error.message : String(error)}`;
        return {
          usable: false,
          slowness: 1,
          problems: [{ code: 'QEMU_BROKEN', message, remedy: ['Install QEMU again.'] }],
        };
      }
    },

    create: (spec, { signal } = {}) =>
      changing(spec.name, async () => {
        const paths = machines.paths(spec.name);
        checkSocketPaths(socketPaths(paths));
        if ((await exists(paths.spec)) && (await exists(paths.disk))) return;
        signal?.throwIfAborted();
        await mkdir(paths.directory, { recursive: true, mode: 0o700 });
        await createDisk(exec, spec, paths, signal);
        await writeRecord(paths.spec, spec);
      }),

    start: async (spec, { signal } = {}) => {
      await starter.start(spec, { paused: false, signal });
      if ((await machines.state(spec.name)) === 'paused') await provider.resume(spec.name);
    },

    shutdown: async (name, { timeout, signal }) => {
      const deadline = Date.now() + timeout;
      let pressed = 0;
      if ((await machines.state(name)) === 'paused') await provider.resume(name);
      while ((await machines.pid(name)) !== undefined) {
        if (Date.now() > deadline) throw shutdownTimeout(name, timeout);
        if (Date.now() - pressed > PRESS_EVERY) {
          pressed = Date.now();
          await act(name, 'shut down', 'system_powerdown').catch(async (error) => {
            if ((await machines.pid(name)) !== undefined) throw error;
          });
        }
        await sleep(100, undefined, { signal });
      }
    },

    powerOff: (name) =>
      changing(name, async () => {
        if ((await machines.pid(name)) !== undefined) {
          events.emit({ type: 'command', line: monitorLine('quit', machines.paths(name)), machine: name });
        }
        await machines.end(name);
      }),

    reset: (name) => act(name, 'be reset', 'system_reset'),
    pause: (name) => act(name, 'be paused', 'stop'),
    resume: (name) => act(name, 'be resumed', 'cont'),

    destroy: (name) =>
      changing(name, async () => {
        const paths = machines.paths(name);
        await machines.end(name);
        await wire.remove(name);
        await rm(paths.directory, { recursive: true, force: true });
        await Promise.all(socketPaths(paths).map((file) => rm(file, { force: true })));
        await store.forget(name);
        if ((await machines.names()).length === 0) await wire.stop();
      }),

    states: async (names) => {
      const entries = await Promise.all(names.map(async (name) => [name, await machines.state(name)] as const));
      return new Map(entries);
    },

    console: (name) => {
      const paths = machines.paths(name);
      return {
        logFile: paths.console,
        attach: async () => {
          if ((await machines.pid(name)) === undefined) throw notRunning(name, 'show its console');
          return attachConsole(name, paths.serial);
        },
      };
    },

    link: (name, up) => act(name, up ? 'be plugged in' : 'be unplugged', 'set_link', { name: PRIVATE_NIC, up }),

    save: (names, savepoint, { signal } = {}) =>
      withFileErrors(undefined, labDirectory, () => snapshots.save(names, savepoint, signal)),
    restore: (specs, savepoint, { signal } = {}) => snapshots.restore(specs, savepoint, signal),
    discard: (names, savepoint) => snapshots.discard(names, savepoint),
    savepoints: (names) => store.summary(names),

    screenshot: async (name, file) => {
      if ((await machines.pid(name)) === undefined) throw notRunning(name, 'show its screen');
      await takeScreenshot(machines, name, file);
    },

    native: (verb, spec) => nativeLines(verb, spec, machines.paths(spec.name), probed?.verdict?.accelerator ?? 'tcg'),
  };
  return provider;
}
