import { join } from 'node:path';
import type { LabEvent } from '../engine/events.js';
import type { JournaledEventBus } from '../engine/state/event-bus.js';
import { openJournal, readJournal } from '../engine/state/journal.js';
import { Runs } from '../engine/state/runs.js';

/** The run that a workshop continues: its journal and the place of its output. */
export interface RunStore {
  /** Events of the current run, earlier sessions included, in order. */
  history(): Promise<LabEvent[]>;
  /** Begins a new run with an empty journal; events from now on belong to it. */
  startNew(): Promise<void>;
  /** Full output of actions of the current run; `startNew` changes it. */
  readonly outputDirectory: string;
  close(): void;
}

/** Remembers how long things take, across runs. */
export interface StepTimings {
  /** Milliseconds. */
  record(key: string, duration: number): unknown;
}

/** Continues the lab's current run, or begins its first: from now on the bus writes to its journal. */
export async function openRunStore(labDirectory: string, bus: JournaledEventBus): Promise<RunStore> {
  const runs = new Runs(join(labDirectory, 'runs'));
  let files = await runs.current();
  let journal = openJournal(files.journal);
  bus.setJournal(journal);
  return {
    history: async () => readJournal(files.journal).events,
    async startNew() {
      const next = await runs.startNew();
      const nextJournal = openJournal(next.journal);
      bus.setJournal(nextJournal);
      journal.close();
      files = next;
      journal = nextJournal;
    },
    get outputDirectory() {
      return files.outputDirectory;
    },
    close() {
      bus.setJournal(undefined);
      journal.close();
    },
  };
}
