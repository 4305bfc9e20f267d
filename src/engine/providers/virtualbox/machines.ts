import { readFile } from 'node:fs/promises';
import { sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PowerState } from '../../events.js';
import { machineNames } from '../common/machine-directory.js';
import { readRecord } from '../common/record.js';
import type { MachineSpec } from '../provider.js';
import type { Tunnel } from './args.js';
import { isCode, isLocked } from './errors.js';
import { type ListedMachine, parseMachines } from './parse.js';
import { type VBoxMachinePaths, vboxPaths } from './paths.js';
import { isLive, powerState } from './state.js';
import type { VBoxManage } from './vboxmanage.js';

/** What the lab remembers of a machine that it made, or began to make. */
export interface Identity {
  uuid: string;
  tunnel?: Tunnel;
  /** Disk in the image's folder that this machine's disk is based on. */
  base?: string;
}

/** A machine as it is now. */
export interface Found {
  name: string;
  identity: Identity;
  listed: ListedMachine;
  state: PowerState;
}

export interface VBoxMachines {
  paths(name: string): VBoxMachinePaths;
  /** Names of all machines of the lab, created or half-created. */
  names(): Promise<string[]>;
  /** undefined unless create() was completed. */
  spec(name: string): Promise<MachineSpec | undefined>;
  identity(name: string): Promise<Identity | undefined>;
  /** All machines that VirtualBox knows, ours and others. */
  all(): Promise<ListedMachine[]>;
  /** The machine, half-made ones included; undefined when VirtualBox has none that this lab made. One call. */
  find(name: string): Promise<Found | undefined>;
  /** States of all named machines. One call. */
  states(names: readonly string[]): Promise<Map<string, PowerState>>;
  /** Waits until the state passes; resolves with false after `timeout` milliseconds. */
  waitFor(name: string, accept: (state: PowerState) => boolean, timeout: number): Promise<boolean>;
  /** Repeats a call while VirtualBox is just ending or starting the machine. */
  unlocked<T>(task: () => Promise<T>): Promise<T>;
  /** Powers off and waits until the machine can be changed. */
  end(name: string): Promise<void>;
}

const LOCK_TIMEOUT = 15_000;
const END_TIMEOUT = 30_000;
const LOOK_EVERY = 200;

export function createVBoxMachines(options: {
  vbox: VBoxManage;
  labDirectory: string;
  runtimeDirectory: string;
}): VBoxMachines {
  const { vbox, labDirectory } = options;
  const paths = (name: string) => vboxPaths(labDirectory, options.runtimeDirectory, name);
  const identity = (name: string) => readRecord<Identity>(paths(name).identity);
  const spec = (name: string) => readRecord<MachineSpec>(paths(name).spec);
  const all = async () => parseMachines(await unlocked(() => vbox.call(['list', '--long', 'vms'], { quiet: true })));

  /** The UUID was made up by this lab, and its settings are where this lab puts them: two lab directories may be copies of each other. */
  async function match(name: string, list: readonly ListedMachine[]): Promise<Found | undefined> {
    const known = await identity(name);
    const listed = list.find(({ uuid }) => uuid === known?.uuid);
    if (known === undefined || listed === undefined) return undefined;
    if (!listed.configFile.startsWith(paths(name).home + sep)) return undefined;
    return { name, identity: known, listed, state: await stateOf(name, listed) };
  }

  async function stateOf(name: string, { state, since = '' }: ListedMachine): Promise<PowerState> {
    if (state === undefined) return 'aborted';
    const power = powerState(state);
    if (state !== 'aborted') return power;
    const seen = await readFile(paths(name).acknowledged, 'utf8').catch(() => undefined);
    return seen === since ? 'poweroff' : power;
  }

  async function find(name: string): Promise<Found | undefined> {
    // Spares the call for a machine that was never begun.
    if ((await identity(name)) === undefined) return undefined;
    return match(name, await all());
  }

  async function states(names: readonly string[]): Promise<Map<string, PowerState>> {
    const specs = await Promise.all(names.map(spec));
    const list = specs.some((each) => each !== undefined) ? await all() : [];
    const found = await Promise.all(names.map((name) => match(name, list)));
    return new Map(
      names.map((name, index) => [
        name,
        specs[index] === undefined ? 'not_created' : (found[index]?.state ?? 'not_created'),
      ]),
    );
  }

  async function waitFor(name: string, accept: (state: PowerState) => boolean, timeout: number): Promise<boolean> {
    const deadline = Date.now() + timeout;
    while (true) {
      const found = await find(name);
      if (found === undefined || accept(found.state)) return true;
      if (Date.now() > deadline) return false;
      await sleep(LOOK_EVERY);
    }
  }

  async function unlocked<T>(task: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + LOCK_TIMEOUT;
    while (true) {
      try {
        return await task();
      } catch (error) {
        if (!isLocked(error) || Date.now() > deadline) throw error;
        await sleep(LOOK_EVERY);
      }
    }
  }

  async function end(name: string): Promise<void> {
    const found = await find(name);
    if (found === undefined) return;
    const { uuid } = found.identity;
    const call = (args: string[]) => vbox.call(args, { machine: name, action: 'be powered off' });
    if (found.state === 'starting') await waitFor(name, (state) => state !== 'starting', END_TIMEOUT);
    if (isLive(found.state) || ['guru meditation', 'stuck'].includes(found.listed.state ?? '')) {
      await call(['controlvm', uuid, 'poweroff']).catch((error) => {
        // It went off in this very moment.
        if (!isCode(error, 'MACHINE_NOT_RUNNING', 'VIRTUALBOX_LOCKED')) throw error;
      });
      await waitFor(name, (state) => !isLive(state), END_TIMEOUT);
    } else if (['saved', 'aborted-saved'].includes(found.listed.state ?? '')) await call(['discardstate', uuid]);
  }

  return {
    paths,
    identity,
    spec,
    all,
    find,
    states,
    waitFor,
    unlocked,
    end,
    names: () => machineNames(labDirectory),
  };
}
