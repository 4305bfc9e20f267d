import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../errors.js';
import { createOneAtATime } from '../../one-at-a-time.js';
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
  /** Machines that it held and that were destroyed since. */
  gone?: string[];
}

/** A savepoint, as Provider.savepoints() tells it. */
export interface SavepointSummary {
  name: string;
  time: number;
  machines: string[];
  bytes: number;
  gone?: string[];
}

export interface SavepointStore {
  read(name: string): Promise<SavepointRecord | undefined>;
  write(record: SavepointRecord): Promise<void>;
  list(): Promise<SavepointRecord[]>;
  /** Takes machines out of a savepoint; the savepoint goes with the last of them. */
  drop(name: string, machines: readonly string[]): Promise<void>;
  /** The savepoints that hold any of these machines, as Provider.savepoints() tells them. */
  summary(machines: readonly string[]): Promise<SavepointSummary[]>;
  /** Takes a destroyed machine out of all savepoints, which remember that they held it. */
  forget(machine: string): Promise<void>;
}

export function createSavepointStore(labDirectory: string): SavepointStore {
  const directory = join(labDirectory, 'savepoints');
  const fileOf = (name: string) => join(directory, `${checkSavepointName(name)}.json`);

  // Machines are destroyed side by side, and each of them changes the same records.
  const inTurn = createOneAtATime();
  const read = (name: string) => readRecord<SavepointRecord>(fileOf(name));

  async function list(): Promise<SavepointRecord[]> {
    const files = (await readdir(directory).catch(() => [])).filter((file) => file.endsWith('.json'));
    const records = await Promise.all(files.map((file) => readRecord<SavepointRecord>(join(directory, file))));
    return records.filter((record) => record !== undefined).toSorted((a, b) => a.time - b.time);
  }

  async function write(record: SavepointRecord): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeRecord(fileOf(record.name), record);
  }

  async function drop(record: SavepointRecord, names: readonly string[]): Promise<void> {
    const machines = record.machines.filter(({ name }) => !names.includes(name));
    if (machines.length === 0) await rm(fileOf(record.name), { force: true });
    else if (machines.length < record.machines.length) await write({ ...record, machines });
  }

  return {
    read,
    list,
    write: (record) => inTurn(directory, () => write(record)),
    drop: (name, machines) =>
      inTurn(directory, async () => {
        const record = await read(name);
        if (record !== undefined) await drop(record, machines);
      }),
    forget: (machine) =>
      inTurn(directory, async () => {
        for (const record of await list()) {
          const held = record.machines.some(({ name }) => name === machine);
          await drop(held ? { ...record, gone: [...(record.gone ?? []), machine] } : record, [machine]);
        }
      }),
    summary: async (machines) =>
      (await list())
        .filter((record) => record.machines.some(({ name }) => machines.includes(name)))
        .map(({ name, time, machines: saved, gone }) => ({
          name,
          time,
          machines: saved.map((machine) => machine.name),
          bytes: saved.reduce((sum, { bytes }) => sum + bytes, 0),
          ...(gone === undefined ? {} : { gone }),
        })),
  };
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
