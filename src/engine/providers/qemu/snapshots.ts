import { statfs } from 'node:fs/promises';
import { LabError } from '../../errors.js';
import type { Exec } from '../../exec.js';
import { diskFull, isNoSpace, notCreated, savepointMissing } from '../common/errors.js';
import type { SavepointRecord, SavepointStore } from '../common/savepoint-store.js';
import { checkSavepointName } from '../common/savepoint-store.js';
import type { MachineSpec } from '../provider.js';
import { qemuImg } from './disks.js';
import type { Machines } from './machine.js';
import { diskSnapshots, liveSnapshots } from './snapshot-list.js';
import type { Starter } from './start.js';

/** Writing the memory of a machine to a slow disk takes a while, and QEMU answers nothing meanwhile. */
const SNAPSHOT_TIMEOUT = 10 * 60_000;
const ALMOST_FULL = 4 * 1024 * 1024;

export interface Snapshots {
  save(names: readonly string[], savepoint: string, signal?: AbortSignal): Promise<void>;
  restore(specs: readonly MachineSpec[], savepoint: string, signal?: AbortSignal): Promise<void>;
  discard(names: readonly string[], savepoint: string): Promise<void>;
}

interface Member {
  name: string;
  /** Its QEMU process is there. */
  live: boolean;
  /** Its virtual CPU ran before we stopped it. */
  running: boolean;
}

export interface SnapshotsOptions {
  exec: Exec;
  machines: Machines;
  store: SavepointStore;
  starter: Starter;
  labDirectory: string;
}

export function createSnapshots(options: SnapshotsOptions): Snapshots {
  const { exec, machines, store } = options;

  async function membersOf(names: readonly string[]): Promise<Member[]> {
    const members: Member[] = [];
    for (const name of names) {
      const state = await machines.state(name);
      if (state === 'not_created') throw notCreated(name);
      members.push({ name, live: (await machines.pid(name)) !== undefined, running: state === 'running' });
    }
    return members;
  }

  async function all(members: readonly Member[], verb: 'stop' | 'cont'): Promise<void> {
    await Promise.all(members.filter(({ running }) => running).map(({ name }) => command(name, verb)));
  }

  function command(name: string, verb: 'stop' | 'cont'): Promise<void> {
    return machines.qmp(name, verb, async (qmp) => {
      await qmp.execute(verb, undefined, 30_000);
    });
  }

  /** A monitor command that prints nothing unless it failed. */
  async function monitor(name: string, line: string): Promise<void> {
    const words = await machines.qmp(name, line, (qmp) => qmp.human(line, SNAPSHOT_TIMEOUT));
    if (words !== '') throw new Error(words);
  }

  function offline(name: string, flag: '-c' | '-a' | '-d', tag: string): Promise<string> {
    const { disk, directory } = machines.paths(name);
    return qemuImg(exec, name, ['snapshot', flag, tag, disk], { directory });
  }

  async function saveOne(member: Member, tag: string): Promise<number> {
    if (!member.live) {
      await offline(member.name, '-c', tag);
      return 0;
    }
    await monitor(member.name, `savevm ${tag}`);
    return machines.qmp(member.name, 'report its savepoints', async (qmp) => {
      const found = (await liveSnapshots(qmp)).filter(({ name }) => name === tag);
      return found.reduce((sum, each) => sum + each['vm-state-size'], 0);
    });
  }

  /** Removes a snapshot from a disk; that it is not there is fine. */
  async function dropOne(name: string, tag: string): Promise<void> {
    const live = (await machines.pid(name)) !== undefined;
    await (live ? monitor(name, `delvm ${tag}`) : offline(name, '-d', tag)).catch(() => {});
  }

  /** Removes what no savepoint refers to: replaced ones and those that a crash left unfinished. */
  async function sweep(name: string): Promise<void> {
    const known = new Set((await store.list()).map(({ tag }) => tag));
    const live = (await machines.pid(name)) !== undefined;
    const found = live
      ? await machines.qmp(name, 'list its savepoints', liveSnapshots)
      : await diskSnapshots(exec, name, machines.paths(name));
    for (const { name: tag } of found) if (!known.has(tag)) await dropOne(name, tag);
  }

  return {
    save: async (names, savepoint, signal) => {
      checkSavepointName(savepoint);
      const time = Date.now();
      const tag = `${savepoint}.${time.toString(36)}`;
      const members = await membersOf(names);
      try {
        await all(members, 'stop');
        const saved: SavepointRecord['machines'] = [];
        for (const member of members) {
          signal?.throwIfAborted();
          const bytes = await saveOne(member, tag).catch(async (error) => {
            throw await saveFailed(savepoint, member.name, options.labDirectory, error);
          });
          saved.push({ ...member, bytes });
        }
        await store.write({ name: savepoint, time, tag, machines: saved });
      } finally {
        for (const { name } of members) await sweep(name).catch(() => {});
        await all(members, 'cont');
      }
    },

    restore: async (specs, savepoint, signal) => {
      const record = await store.read(checkSavepointName(savepoint));
      const group = specs.flatMap((spec) => {
        const saved = record?.machines.find(({ name }) => name === spec.name);
        return saved === undefined ? [] : [{ spec, saved }];
      });
      if (record === undefined || group.length === 0)
        throw savepointMissing(
          savepoint,
          (await store.list()).map(({ name }) => name),
        );
      await all(await membersOf(group.map(({ spec }) => spec.name)), 'stop');
      // Loaded one after the other and run together, so that no machine meets another from a different time.
      for (const { spec, saved } of group) {
        signal?.throwIfAborted();
        try {
          if (saved.live) {
            await options.starter.start(spec, { paused: true, signal });
            await monitor(spec.name, `loadvm ${record.tag}`);
          } else {
            await machines.end(spec.name);
            await offline(spec.name, '-a', record.tag);
          }
        } catch (error) {
          throw restoreFailed(savepoint, spec.name, error);
        }
      }
      for (const { spec, saved } of group) if (saved.running) await command(spec.name, 'cont');
    },

    discard: async (names, savepoint) => {
      const record = await store.read(checkSavepointName(savepoint));
      if (record === undefined) return;
      const gone = record.machines.filter(({ name }) => names.includes(name));
      for (const { name } of gone) await dropOne(name, record.tag);
      await store.drop(savepoint, names);
    },
  };
}

/** QEMU calls a full disk an input/output error, so the disk itself is asked. */
async function isFull(directory: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize < ALMOST_FULL;
}

async function saveFailed(savepoint: string, machine: string, directory: string, error: unknown): Promise<unknown> {
  if (error instanceof LabError && error.code === 'DISK_FULL') return error;
  const words = error instanceof Error ? error.message : String(error);
  if (isNoSpace(words) || (await isFull(directory))) {
    return diskFull(
      `${machine} could not be saved, nothing was kept of savepoint ${savepoint}`,
      directory,
      machine,
      words,
    );
  }
  return new LabError({
    code: 'SAVE_FAILED',
    message: `Savepoint ${savepoint} was not made: ${machine} could not be saved: ${words}`,
    remedy: ['The machines go on as before. Try again.'],
    machine,
    cause: error,
  });
}

function restoreFailed(savepoint: string, machine: string, error: unknown): unknown {
  if (error instanceof LabError && ['NOT_ENOUGH_MEMORY', 'PORT_TAKEN', 'DISK_FULL'].includes(error.code)) return error;
  return new LabError({
    code: 'RESTORE_FAILED',
    message: `${machine} could not be restored to ${savepoint}: ${error instanceof Error ? error.message : String(error)}`,
    remedy: ['The machines of the savepoint stand still. Restore it again, or another one, or destroy the machines.'],
    machine,
    cause: error,
  });
}
