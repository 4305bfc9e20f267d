import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../../errors.js';
import type { Exec } from '../../exec.js';
import { createSwitchClient, type SwitchClient } from '../../network/switch-client.js';
import { createOneAtATime } from '../../one-at-a-time.js';
import { attachConsole } from '../common/console.js';
import { notRunning, shutdownTimeout, withFileErrors } from '../common/errors.js';
import { exists } from '../common/exists.js';
import { writeRecord } from '../common/record.js';
import { createSavepointStore } from '../common/savepoint-store.js';
import { checkSocketPaths } from '../common/socket-paths.js';
import type { MachineSpec, Provider } from '../provider.js';
import { requireUsable } from '../require-usable.js';
import { machineName, type PrivateLink, privateCard } from './args.js';
import { writeConfigDrive } from './config-drive.js';
import { ensureBase } from './disks.js';
import { isCode } from './errors.js';
import { thisHost, type VirtualBoxHost } from './host.js';
import { ensureHostOnly, hostOnlyProblems } from './host-only.js';
import { createVBoxMachines, type Identity } from './machines.js';
import { createCalls, nativeLines } from './native.js';
import { socketPaths } from './paths.js';
import { type Probed, probeVirtualBox } from './probe.js';
import { createSnapshots } from './snapshots.js';
import { createStarter } from './start.js';
import { createVBoxManage } from './vboxmanage.js';
import type { VBoxVersion } from './version.js';

export interface VirtualBoxProviderOptions {
  exec: Exec;
  labDirectory: string;
  /** Short directory, mode 0700, for unix sockets. */
  runtimeDirectory: string;
  /** Absolute path of the built switch.js. */
  switchScript: string;
  /** How the machines are connected: by tunnels to the switch (the default), or by a host-only network with these addresses. */
  network?: { mode: 'tunnel' } | { mode: 'host-only'; cidr: string };
  /** What is looked at outside VirtualBox; default: this computer. */
  host?: VirtualBoxHost;
}

export interface VirtualBoxProvider extends Provider {
  readonly name: 'virtualbox';
  /** The private network's switch: statistics, repair, and flushing of the capture. */
  readonly wire: SwitchClient;
}

/** A guest that is just starting ignores the power button, so it is pressed again from time to time. */
const PRESS_EVERY = 10_000;
const LOOK_EVERY = 400;
const UNKNOWN_VERSION: VBoxVersion = { text: '7.2', major: 7, minor: 2 };

export function createVirtualBoxProvider(options: VirtualBoxProviderOptions): VirtualBoxProvider {
  const { exec } = options;
  const host = options.host ?? thisHost();
  // VirtualBox's own process has another directory.
  const labDirectory = resolve(options.labDirectory);
  const runtimeDirectory = resolve(options.runtimeDirectory);
  const network: NonNullable<VirtualBoxProviderOptions['network']> = options.network ?? { mode: 'tunnel' };
  const lab = basename(labDirectory);
  const vbox = createVBoxManage({ exec, labDirectory });
  const machines = createVBoxMachines({ vbox, labDirectory, runtimeDirectory });
  const store = createSavepointStore(labDirectory);
  const wire = createSwitchClient({
    exec,
    script: options.switchScript,
    runtimeDirectory,
    // Without a tunnel no frame comes by here, and VirtualBox itself writes the recording.
    pcapFile: join(labDirectory, network.mode === 'tunnel' ? 'wire.pcap' : 'switch.pcap'),
  });
  const oneAtATime = createOneAtATime();
  const changing = <T>(name: string, task: () => Promise<T>) =>
    oneAtATime(name, () => withFileErrors(name, labDirectory, task));
  let link: PrivateLink | undefined = network.mode === 'tunnel' ? { mode: 'tunnel' } : undefined;
  let probed: Probed | undefined;

  const probe = async (fresh: boolean, signal: AbortSignal | undefined): Promise<Probed> => {
    if (!fresh && probed?.report.usable) return probed;
    probed = await probeVirtualBox(vbox, host, signal);
    if (probed.report.usable && network.mode === 'host-only') {
      probed.report.problems.push(...(await hostOnlyProblems({ vbox, host, cidr: network.cidr, signal })));
    }
    return probed;
  };

  const version = async (signal: AbortSignal | undefined): Promise<VBoxVersion> => {
    const { report, version: found } = await probe(false, signal);
    requireUsable(report);
    return found ?? UNKNOWN_VERSION;
  };

  const privateLink = async (signal: AbortSignal | undefined): Promise<PrivateLink> => {
    if (network.mode === 'tunnel') return { mode: 'tunnel' };
    link = await ensureHostOnly({ vbox, host, version: await version(signal), lab, cidr: network.cidr, signal });
    return link;
  };

  const starter = createStarter({
    vbox,
    machines,
    wire,
    labDirectory,
    runtimeDirectory,
    version,
    recheck: async () => void requireUsable((await probe(true, undefined)).report),
    link: privateLink,
    oneAtATime: changing,
  });

  /** A call that needs a running machine. Nothing is done where it is in the state that is wanted already. */
  async function act(name: string, action: string, args: string[], done?: string): Promise<void> {
    const found = await machines.find(name);
    if (found?.state !== 'running' && found?.state !== 'paused') throw notRunning(name, action);
    if (found.state === done) return;
    await vbox.call(['controlvm', found.identity.uuid, ...args], { machine: name, action });
  }

  const pause = (name: string) => act(name, 'be paused', ['pause'], 'paused');
  const resume = (name: string) => act(name, 'be resumed', ['resume'], 'running');
  const snapshots = createSnapshots({ vbox, machines, store, starter, wire, pause, resume });

  /** Everything of a machine that VirtualBox knows, and its files. */
  async function remove(name: string): Promise<void> {
    const paths = machines.paths(name);
    const found = await machines.find(name);
    const identity = await machines.identity(name);
    if (found !== undefined) {
      await machines.end(name);
      const { uuid } = found.identity;
      await machines.unlocked(() => vbox.call(['unregistervm', uuid], { machine: name, action: 'be removed' }));
    }
    // Still in use by other machines, or forgotten already: both are fine.
    const forget = (disk: string) => vbox.ask(['closemedium', 'disk', disk], { machine: name, quiet: true });
    // A disk that was made and not attached yet is no machine's; VirtualBox's server crashes when one is made anew in its place.
    if (identity !== undefined && !(await exists(paths.spec))) await forget(paths.disk);
    if (identity?.base !== undefined) await forget(identity.base);
    await wire.remove(name);
    await rm(paths.directory, { recursive: true, force: true });
    await Promise.all(socketPaths(paths).map((file) => rm(file, { force: true })));
  }

  /** VirtualBox tells machines apart by their UUID; people do by name. */
  async function checkName(name: string): Promise<void> {
    const wanted = machineName(lab, name);
    const taken = (await machines.all()).find((each) => each.name === wanted);
    if (taken === undefined) return;
    throw new LabError({
      code: 'MACHINE_NAME_TAKEN',
      message: `VirtualBox has a machine ${wanted} already, which this lab did not make (${taken.configFile}).`,
      remedy: ['Rename or remove it in VirtualBox, or give the lab another name in lab.yaml.'],
      machine: name,
      exitCode: 2,
    });
  }

  async function build(spec: MachineSpec, signal: AbortSignal | undefined): Promise<void> {
    const { name } = spec;
    const paths = machines.paths(name);
    const current = await version(signal);
    await checkName(name);
    signal?.throwIfAborted();
    await mkdir(paths.directory, { recursive: true, mode: 0o700 });
    await mkdir(runtimeDirectory, { recursive: true, mode: 0o700 });
    const identity: Identity = { uuid: randomUUID() };
    const { base, sizeGiB } = spec.disk;
    if (base !== undefined) identity.base = await ensureBase({ vbox, exec }, name, { base, sizeGiB }, signal);
    await writeRecord(paths.identity, identity);
    if (spec.ignitionFile !== undefined) await writeConfigDrive(paths.configDrive, spec.ignitionFile);
    const facts = {
      name: machineName(lab, name),
      uuid: identity.uuid,
      paths,
      version: current,
      link: await privateLink(signal),
    };
    for (const args of createCalls(identity.uuid, spec, facts)) {
      signal?.throwIfAborted();
      await vbox.call(args, { machine: name, action: 'be made' });
    }
    await writeRecord(paths.spec, spec);
  }

  const provider: VirtualBoxProvider = {
    name: 'virtualbox',
    wire,
    capabilities: { liveSnapshots: true, screenshot: true, linkControl: true, wire: true, loopback: '10.0.2.2' },

    probe: async (probeOptions = {}) => {
      try {
        return (await probe(probeOptions.fresh ?? false, probeOptions.signal)).report;
      } catch (error) {
        probeOptions.signal?.throwIfAborted();
        const message = `VirtualBox could not be tried: ${error instanceof Error ? error.message : String(error)}`;
        const problem = { code: 'VIRTUALBOX_BROKEN', message, remedy: ['Install VirtualBox again.'] };
        return { usable: false, slowness: 1, problems: [problem] };
      }
    },

    create: (spec, { signal } = {}) =>
      changing(spec.name, async () => {
        const paths = machines.paths(spec.name);
        checkSocketPaths(socketPaths(paths));
        if ((await exists(paths.spec)) && (await exists(paths.disk)) && (await machines.find(spec.name))) return;
        signal?.throwIfAborted();
        // Half-made, or taken out of VirtualBox by hand: making it anew is the surest way to complete it.
        await remove(spec.name);
        await build(spec, signal);
      }),

    start: async (spec, { signal } = {}) => {
      await starter.start(spec, { signal });
      if ((await machines.states([spec.name])).get(spec.name) === 'paused') await resume(spec.name);
    },

    shutdown: async (name, { timeout, signal }) => {
      const deadline = Date.now() + timeout;
      let pressed = 0;
      if ((await machines.find(name))?.state === 'paused') await resume(name);
      while (['running', 'stopping', 'paused'].includes((await machines.find(name))?.state ?? '')) {
        if (Date.now() > deadline) throw shutdownTimeout(name, timeout);
        if (Date.now() - pressed > PRESS_EVERY) {
          pressed = Date.now();
          await act(name, 'shut down', ['acpipowerbutton']).catch((error) => {
            if (!isCode(error, 'MACHINE_NOT_RUNNING')) throw error;
          });
        }
        await sleep(LOOK_EVERY, undefined, { signal });
      }
    },

    powerOff: (name) =>
      changing(name, async () => {
        await machines.end(name);
        const found = await machines.find(name);
        if (found?.listed.state !== 'aborted') return;
        await writeFile(machines.paths(name).acknowledged, found.listed.since ?? '', { mode: 0o600 });
      }),

    reset: (name) => act(name, 'be reset', ['reset']),
    pause,
    resume,

    destroy: (name) =>
      changing(name, async () => {
        await remove(name);
        await store.forget(name);
        if ((await machines.names()).length === 0) await wire.stop();
      }),

    states: (names) => machines.states(names),

    console: (name) => {
      const paths = machines.paths(name);
      return {
        logFile: paths.console,
        attach: async () => {
          const found = await machines.find(name);
          if (found?.state !== 'running' && found?.state !== 'paused') throw notRunning(name, 'show its console');
          return attachConsole(name, paths.serial);
        },
      };
    },

    link: async (name, up) => {
      const spec = await machines.spec(name);
      const card = privateCard(spec ?? { role: 'node' });
      await act(name, up ? 'be plugged in' : 'be unplugged', [`setlinkstate${card}`, up ? 'on' : 'off']);
    },

    save: (names, savepoint, { signal } = {}) =>
      withFileErrors(undefined, labDirectory, () => snapshots.save(names, savepoint, signal)),
    restore: (specs, savepoint, { signal } = {}) => snapshots.restore(specs, savepoint, signal),
    discard: (names, savepoint) => snapshots.discard(names, savepoint),
    savepoints: (names) => store.summary(names),

    screenshot: async (name, file) => {
      const target = resolve(file);
      const partial = `${target}.${process.pid}.partial`;
      try {
        await act(name, 'show its screen', ['screenshotpng', partial]);
        await rename(partial, target);
      } catch (error) {
        await rm(partial, { force: true });
        if (isCode(error, 'MACHINE_NOT_RUNNING')) throw error;
        throw new LabError({
          code: 'SCREENSHOT_FAILED',
          message: `The screen of ${name} could not be written to ${target}: ${(error as Error).message}`,
          remedy: [`Check that ${dirname(target)} exists and can be written.`],
          machine: name,
          cause: error,
        });
      }
    },

    native: (verb, spec) =>
      nativeLines(verb, spec, {
        program: 'VBoxManage',
        name: machineName(lab, spec.name),
        uuid: spec.uuid,
        paths: machines.paths(spec.name),
        version: probed?.version ?? UNKNOWN_VERSION,
        link: link ?? { mode: 'host-only', interface: 'vboxnet0', option: 'adapter' },
        tunnel: undefined,
      }),
  };
  return provider;
}
