import type { LabEvent } from '../engine/events.js';

/** The run that a workshop continues: its journal and the place of its output. Kept by the engine's state. */
export interface RunStore {
  /** Events of the current run, earlier sessions included, in order. */
  history(): Promise<LabEvent[]>;
  /** Begins a new run with an empty journal; events from now on belong to it. */
  startNew(): Promise<void>;
  /** Full output of actions of the current run; `startNew` changes it. */
  readonly outputDirectory: string;
}

/** Remembers how long things take, across runs. */
export interface StepTimings {
  /** Milliseconds. */
  record(key: string, duration: number): unknown;
}
