import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { LabError } from '../../errors.js';
import type { SwitchClient } from '../../network/switch-client.js';
import { ignitionMissing, lastLines, notCreated, portTaken } from '../common/errors.js';
import { exists } from '../common/exists.js';
import { checkMemory } from '../common/memory.js';
import { checkPort } from '../common/port-check.js';
import { writeRecord } from '../common/record.js';
import { checkSocketPaths } from '../common/socket-paths.js';
import type { MachineSpec } from '../provider.js';
import { type PrivateLink, settingsArgs, type Tunnel, wiringArgs } from './args.js';
import { writeConfigDrive } from './config-drive.js';
import { callFailed, isLocked } from './errors.js';
import type { Found, VBoxMachines } from './machines.js';
import { parseForwardings, parseInfo } from './parse.js';
import { socketPaths, type VBoxMachinePaths } from './paths.js';
import { isLive } from './state.js';
import type { VBoxManage } from './vboxmanage.js';
import type { VBoxVersion } from './version.js';

export interface Starter {
  /** Starts the machine unless it runs. `isolated`: with the switch's end of its cable pulled. */
  start(spec: MachineSpec, options: { isolated?: boolean; signal?: AbortSignal | undefined }): Promise<void>;
}

export interface StarterOptions {
  vbox: VBoxManage;
  machines: VBoxMachines;
  wire: SwitchClient;
  labDirectory: string;
  runtimeDirectory: string;
  version: (signal: AbortSignal | undefined) => Promise<VBoxVersion>;
  /** Rejects when VirtualBox cannot run machines, after looking anew. */
  recheck: () => Promise<void>;
  /** Makes the private network where it is not a tunnel, and says how machines are connected to it. */
  link: (signal: AbortSignal | undefined) => Promise<PrivateLink>;
  oneAtATime: <T>(key: string, task: () => Promise<T>) => Promise<T>;
}

const START_TIMEOUT = 120_000;

export function createStarter(options: StarterOptions): Starter {
  const { vbox, machines, wire } = options;
  /** MiB of machines between the memory check and the moment they run. */
  const reserved = new Map<string, number>();

  async function reserve(spec: MachineSpec): Promise<void> {
    const sum = [...reserved.values()].reduce((total, each) => total + each, 0);
    reserved.set(spec.name, spec.memoryMiB);
    await checkMemory({ machine: spec.name, memoryMiB: spec.memoryMiB, emulated: false, running: [], reserved: sum });
  }

  async function prepare(spec: MachineSpec, paths: VBoxMachinePaths): Promise<void> {
    if (spec.ignitionFile !== undefined) {
      if (!(await exists(spec.ignitionFile))) throw ignitionMissing(spec.name, spec.ignitionFile);
      await writeConfigDrive(paths.configDrive, spec.ignitionFile);
    }
    if (spec.uplink !== undefined) await checkPort(spec.name, spec.uplink.sshPort);
    await mkdir(options.runtimeDirectory, { recursive: true, mode: 0o700 });
    await rm(paths.uart, { force: true });
  }

  /** Gives the machine the settings that it is started with; those that cannot be changed while it is saved stay as they were. */
  async function configure(spec: MachineSpec, found: Found, link: PrivateLink, info: string, signal?: AbortSignal) {
    const { name } = spec;
    const { uuid } = found.identity;
    const action = 'be prepared for its start';
    const call = (args: string[]) => machines.unlocked(() => vbox.call(args, { machine: name, action, signal }));
    const saved = ['saved', 'aborted-saved'].includes(found.listed.state ?? '');
    if (!saved) {
      const version = await options.version(signal);
      await call(settingsArgs(uuid, spec, { version, paths: machines.paths(name), link }));
    }
    const tunnel = link.mode === 'tunnel' ? await chooseFor(spec, found) : undefined;
    const trace =
      link.mode === 'host-only' && spec.role === 'provisioner' ? join(options.labDirectory, 'wire.pcap') : undefined;
    const forwarded = parseForwardings(info).find((each) => each.name === 'ssh')?.hostPort;
    const args = wiringArgs(uuid, spec, { tunnel, forwarded, trace });
    if (args.length > 2) await call(args);
  }

  async function chooseFor(spec: MachineSpec, found: Found): Promise<Tunnel> {
    const { chooseTunnel } = await import('./ports.js');
    await wire.remove(spec.name);
    const tunnel = await chooseTunnel(found.identity.tunnel);
    found.identity.tunnel = tunnel;
    await writeRecord(machines.paths(spec.name).identity, found.identity);
    return tunnel;
  }

  /** startvm may say that all is well, and the machine does not run, or its port is not forwarded. */
  async function verify(spec: MachineSpec, logDirectory: string): Promise<void> {
    const settled = await machines.waitFor(spec.name, (state) => state !== 'starting', START_TIMEOUT);
    const found = await machines.find(spec.name);
    const log = await readFile(join(logDirectory, 'VBox.log'), 'utf8').catch(() => '');
    if (found === undefined || !settled || !isLive(found.state)) {
      throw callFailed('startvm', lastErrors(log) || `it is ${found?.listed.state ?? 'gone'}`, {
        machine: spec.name,
        action: 'be started',
        directory: options.labDirectory,
      });
    }
    const refused = /failed to set up redirection of (\d+)/.exec(log)?.[1];
    if (refused === undefined || spec.uplink === undefined) return;
    await machines.end(spec.name);
    throw portTaken(spec.name, Number(refused));
  }

  async function launch(spec: MachineSpec, found: Found, info: string): Promise<void> {
    const { uuid } = found.identity;
    try {
      // Not to be cut off: a machine that comes up after its start was given up would be a surprise.
      await machines.unlocked(() =>
        vbox.call(['startvm', uuid, '--type', 'headless'], {
          machine: spec.name,
          action: 'be started',
          timeout: START_TIMEOUT,
        }),
      );
    } catch (error) {
      // Two starts of one machine: VirtualBox lets only one through, and that is all that was wanted.
      const now = isLocked(error) ? await machines.find(spec.name) : undefined;
      if (now === undefined || !isLive(now.state)) throw await explained(spec.name, error, info);
    }
    await verify(spec, parseInfo(info).get('LogFldr') ?? '');
  }

  /** Without the driver VirtualBox only says that the machine ended: the log and the probe know more. */
  async function explained(machine: string, error: unknown, info: string): Promise<unknown> {
    if (!(error instanceof LabError) || error.code !== 'VIRTUALBOX_FAILED') return error;
    const log = await readFile(join(parseInfo(info).get('LogFldr') ?? '', 'VBox.log'), 'utf8').catch(() => '');
    const words = `${error.evidence?.join('\n') ?? ''}\n${lastErrors(log)}`;
    const context = { machine, action: 'be started', directory: options.labDirectory };
    const told = callFailed('startvm', words, context);
    if (told.code !== 'VIRTUALBOX_FAILED') return told;
    return options.recheck().then(
      () => startFailed(machine, error),
      (reason) => reason,
    );
  }

  async function startUnlessRunning(
    spec: MachineSpec,
    { isolated = false, signal }: Parameters<Starter['start']>[1],
  ): Promise<void> {
    const paths = machines.paths(spec.name);
    checkSocketPaths(socketPaths(paths));
    const recorded = await machines.spec(spec.name);
    const found = recorded === undefined ? undefined : await machines.find(spec.name);
    if (recorded === undefined || found === undefined) throw notCreated(spec.name);
    // Also for a machine that runs: the switch may have died since.
    if (isLive(found.state)) return plug(spec.name, found.identity.tunnel);
    signal?.throwIfAborted();
    const link = await options.link(signal);
    try {
      await reserve(spec);
      await prepare(spec, paths);
      if (!isDeepStrictEqual(recorded, spec)) await writeRecord(paths.spec, spec);
      const info = await machines.unlocked(() =>
        vbox.call(['showvminfo', found.identity.uuid, '--machinereadable'], {
          machine: spec.name,
          quiet: true,
          signal,
        }),
      );
      await configure(spec, found, link, info, signal);
      await rm(paths.acknowledged, { force: true });
      // Before the start, so that the first words on the serial port are heard.
      await plug(spec.name, found.identity.tunnel, !isolated);
      signal?.throwIfAborted();
      await launch(spec, found, info);
      signal?.throwIfAborted();
    } finally {
      reserved.delete(spec.name);
    }
  }

  function plug(name: string, tunnel: Tunnel | undefined, link?: boolean): Promise<void> {
    const { uart, console, serial } = machines.paths(name);
    return wire.add({
      name,
      ...(tunnel === undefined ? {} : { tunnel: { local: tunnel.switch, remote: tunnel.machine } }),
      serial: { path: uart, logFile: console, listen: serial },
      ...(link === undefined ? {} : { link }),
    });
  }

  return {
    start: (spec, how) => options.oneAtATime(spec.name, () => startUnlessRunning(spec, how)),
  };
}

/** What a VBox.log says of a start that failed. */
function lastErrors(log: string): string {
  const lines = log.split('\n').filter((line) => /VERR_\w+|configuration error|Power up failed/.test(line));
  return lastLines(lines.join('\n')).slice(-5).join('\n');
}

function startFailed(machine: string, error: LabError): LabError {
  return new LabError({
    code: 'VIRTUALBOX_START_FAILED',
    message: `VirtualBox did not start ${machine}: ${error.message.replace(/^[^:]*: /, '')}`,
    remedy: [
      "coreos-lab doctor says whether VirtualBox's driver is loaded.",
      `If the machine is damaged: coreos-lab destroy ${machine}, then coreos-lab up ${machine}`,
    ],
    machine,
    evidence: error.evidence ?? [],
    cause: error,
  });
}
