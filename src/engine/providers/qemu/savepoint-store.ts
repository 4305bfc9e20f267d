import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../errors.js';
import { readRecord, writeRecord } from './record.js';

/** What was saved, as written beside the machines after all of them were saved. */
export interface SavepointRecord {
  name: string;
  /** Milliseconds since the epoch. */
  time: number;
  /** Name of the snapshots in the disks; new for each save, so that a failed one never costs an older one. */
  tag: string;
  /** `live`: with memory; `running`: its virtual CPU ran (a paused machine is live but not running). */
  machines: { name: string; live: boolean; running: boolean; bytes: number }[];
}

export interface SavepointStore {
  read(name: string): Promise<SavepointRecord | undefined>;
  write(record: SavepointRecord): Promise<void>;
  remove(name: string): Promise<void>;
  list(): Promise<SavepointRecord[]>;
  /** Takes a destroyed machine out of all savepoints. */
  forget(machine: string): Promise<void>;
}

export function createSavepointStore(labDirectory: string): SavepointStore {
  const directory = join(labDirectory, 'savepoints');
  const fileOf = (name: string) => join(directory, `${checkSavepointName(name)}.json`);

  const store: SavepointStore = {
    read: (name) => readRecord<SavepointRecord>(fileOf(name)),
    write: async (record) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeRecord(fileOf(record.name), record);
    },
    remove: (name) => rm(fileOf(name), { force: true }),
    list: async () => {
      const files = (await readdir(directory).catch(() => [])).filter((file) => file.endsWith('.json'));
      const records = await Promise.all(files.map((file) => readRecord<SavepointRecord>(join(directory, file))));
      return records.filter((record) => record !== undefined).toSorted((a, b) => a.time - b.time);
    },
    forget: async (machine) => {
      for (const record of await store.list()) {
        const machines = record.machines.filter(({ name }) => name !== machine);
        if (machines.length === record.machines.length) continue;
        if (machines.length === 0) await store.remove(record.name);
        else await store.write({ ...record, machines });
      }
    },
  };
  return store;
}

/** The name becomes part of a file's name and of a monitor command. */
export function checkSavepointName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return name;
  throw new LabError({
    code: 'BAD_SAVEPOINT_NAME',
    message: `"${name}" cannot be the name of a savepoint.`,
    remedy: ['Use up to 64 letters, digits, points, hyphens and underscores, beginning with a letter or digit.'],
    exitCode: 2,
  });
}
