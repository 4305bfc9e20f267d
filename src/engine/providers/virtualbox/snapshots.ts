import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../errors.js';
import type { SwitchClient } from '../../network/switch-client.js';
import { notCreated, savepointMissing } from '../common/errors.js';
import { checkSavepointName, type SavepointRecord, type SavepointStore } from '../common/savepoint-store.js';
import type { MachineSpec } from '../provider.js';
import { isCode } from './errors.js';
import type { Found, VBoxMachines } from './machines.js';
import { parseInfo, parseSnapshots } from './parse.js';
import type { Starter } from './start.js';
import { isLive } from './state.js';
import type { VBoxManage } from './vboxmanage.js';

/** Writing the memory of a machine to a slow disk takes a while, and so does merging disks. */
const SNAPSHOT_TIMEOUT = 10 * 60_000;
/** By this a snapshot of ours is told from those that people make. */
const OURS = 'savepoint of coreos-lab';

export interface Snapshots {
  save(names: readonly string[], savepoint: string, signal?: AbortSignal): Promise<void>;
  restore(specs: readonly MachineSpec[], savepoint: string, signal?: AbortSignal): Promise<void>;
  discard(names: readonly string[], savepoint: string): Promise<void>;
}

export interface SnapshotsOptions {
  vbox: VBoxManage;
  machines: VBoxMachines;
  store: SavepointStore;
  starter: Starter;
  wire: SwitchClient;
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
}

export function createSnapshots(options: SnapshotsOptions): Snapshots {
  const { vbox, machines, store, wire } = options;

  async function membersOf(names: readonly string[]): Promise<Found[]> {
    const members: Found[] = [];
    for (const name of names) {
      const found = await machines.find(name);
      if (found === undefined || (await machines.spec(name)) === undefined) throw notCreated(name);
      members.push(found);
    }
    return members;
  }

  function snapshot(member: Pick<Found, 'name' | 'identity'>, action: string, args: string[]): Promise<string> {
    const call = { machine: member.name, action, timeout: SNAPSHOT_TIMEOUT };
    return machines.unlocked(() => vbox.call(['snapshot', member.identity.uuid, ...args], call));
  }

  /** Bytes of memory in the snapshot folder. */
  async function savedBytes(name: string): Promise<number> {
    const home = machines.paths(name).home;
    const entries = await readdir(home, { recursive: true }).catch(() => []);
    const sizes = entries.filter((entry) => entry.endsWith('.sav')).map((entry) => stat(join(home, entry)));
    return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
  }

  async function saveOne(member: Found, tag: string): Promise<number> {
    const before = await savedBytes(member.name);
    await snapshot(member, 'be saved', ['take', tag, '--description', OURS]);
    return (await savedBytes(member.name)) - before;
  }

  /** Names of our own snapshots, the youngest first: one with several that build on it cannot be removed. */
  async function ownSnapshots({ identity }: Found): Promise<string[]> {
    const { stdout } = await vbox.ask(['snapshot', identity.uuid, 'list', '--machinereadable'], { quiet: true });
    const info = parseInfo(stdout);
    const ours = [...info].filter(([key, value]) => key.startsWith('SnapshotDescription') && value === OURS);
    const names = new Set(ours.map(([key]) => info.get(key.replace('Description', 'Name'))));
    return parseSnapshots(stdout)
      .map(({ name }) => name)
      .filter((name) => names.has(name))
      .toReversed();
  }

  /** Removes what no savepoint refers to: replaced ones and those that a crash left unfinished. */
  async function sweep(member: Found): Promise<void> {
    const known = new Set((await store.list()).map(({ tag }) => tag));
    for (const name of await ownSnapshots(member)) {
      // One that others build on stays until they are gone.
      if (!known.has(name)) await snapshot(member, 'drop a savepoint', ['delete', name]).catch(() => {});
    }
  }

  /** Plugs in (or pulls) the switch's end of the cables: no machine shall meet another from a different time. */
  async function plugged(names: readonly string[], up: boolean): Promise<void> {
    const ports = (await wire.statistics())?.ports.map(({ name }) => name) ?? [];
    for (const name of names) if (ports.includes(name)) await wire.link(name, up);
  }

  async function restoreOne(spec: MachineSpec, saved: SavepointRecord['machines'][number], tag: string) {
    const [member] = await membersOf([spec.name]);
    await machines.end(spec.name);
    await snapshot(member as Found, 'be restored', ['restore', tag]);
    if (!saved.live) return;
    await options.starter.start(spec, { isolated: true });
    if (!saved.running) await options.pause(spec.name);
  }

  return {
    save: async (names, savepoint, signal) => {
      checkSavepointName(savepoint);
      const time = Date.now();
      const tag = `${savepoint}.${time.toString(36)}`;
      const members = await membersOf(names);
      const running = members.filter(({ state }) => state === 'running');
      try {
        await Promise.all(running.map(({ name }) => options.pause(name)));
        const saved: SavepointRecord['machines'] = [];
        for (const member of members) {
          signal?.throwIfAborted();
          const bytes = await saveOne(member, tag).catch((error) => {
            throw saveFailed(savepoint, member.name, error);
          });
          saved.push({ name: member.name, live: isLive(member.state), running: member.state === 'running', bytes });
        }
        await store.write({ name: savepoint, time, tag, machines: saved });
      } finally {
        for (const member of members) await sweep(member).catch(() => {});
        await Promise.all(running.map(({ name }) => options.resume(name)));
      }
    },

    restore: async (specs, savepoint, signal) => {
      const record = await store.read(checkSavepointName(savepoint));
      const group = specs.flatMap((spec) => {
        const saved = record?.machines.find(({ name }) => name === spec.name);
        return saved === undefined ? [] : [{ spec, saved }];
      });
      if (record === undefined || group.length === 0) {
        throw savepointMissing(
          savepoint,
          (await store.list()).map(({ name }) => name),
        );
      }
      const names = group.map(({ spec }) => spec.name);
      for (const { name, state } of await membersOf(names)) if (state === 'running') await options.pause(name);
      try {
        await plugged(names, false);
        for (const { spec, saved } of group) {
          signal?.throwIfAborted();
          await restoreOne(spec, saved, record.tag).catch((error) => {
            throw restoreFailed(savepoint, spec.name, error);
          });
        }
      } finally {
        await plugged(names, true);
      }
    },

    discard: async (names, savepoint) => {
      const record = await store.read(checkSavepointName(savepoint));
      if (record === undefined) return;
      await store.drop(savepoint, names);
      for (const { name } of record.machines) {
        const member = names.includes(name) ? await machines.find(name) : undefined;
        if (member === undefined) continue;
        await snapshot(member, 'drop a savepoint', ['delete', record.tag]).catch(() => {});
        await sweep(member).catch(() => {});
      }
    },
  };
}

function saveFailed(savepoint: string, machine: string, error: unknown): unknown {
  if (isCode(error, 'DISK_FULL')) return error;
  return new LabError({
    code: 'SAVE_FAILED',
    message: `Savepoint ${savepoint} was not made: ${error instanceof Error ? error.message : String(error)}`,
    remedy: ['The machines go on as before. Try again.'],
    machine,
    cause: error,
  });
}

function restoreFailed(savepoint: string, machine: string, error: unknown): unknown {
  if (isCode(error, 'NOT_ENOUGH_MEMORY', 'PORT_TAKEN', 'DISK_FULL')) return error;
  return new LabError({
    code: 'RESTORE_FAILED',
    message: `${machine} could not be restored to ${savepoint}: ${error instanceof Error ? error.message : String(error)}`,
    remedy: ['The machines of the savepoint stand still. Restore it again, or another one, or destroy the machines.'],
    machine,
    cause: error,
  });
}
