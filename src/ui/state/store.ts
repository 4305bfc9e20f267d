import type { MachineStatus } from '../../engine/lab.js';
import type { Clock } from './clock.js';
import type { LabEvent } from './event-types.js';
import { initialLabState, type LabState } from './lab-state.js';
import type { Logs } from './logs.js';
import { closeHistory, reduce } from './reduce.js';
import { applyStatus, isUp } from './reduce-machines.js';
import { elapsed, initialView, type View } from './view.js';

/** What a frame shows. A new object for each change, the same one otherwise. */
export interface Snapshot {
  lab: LabState;
  view: View;
  /** Epoch milliseconds; moves five times a second while something runs, else once. */
  now: number;
  /** false until the journal of earlier sessions was read. */
  loaded: boolean;
  /** false until the hypervisor has said how the machines are: until then they look as if none existed. */
  asked: boolean;
}

/** Heartbeat: no more often than this do events change the screen, however many arrive. */
const TICK = 100;
const BUSY_FRAME = 200;

/**
 * Events and view state outside React. Events are folded as they come and shown at the next tick; what the user does is shown
 * at once.
 */
export class Store {
  #lab: LabState;
  #view: View = initialView();
  #snapshot: Snapshot;
  #stale = false;
  #loaded = false;
  #asked = false;
  /** Live events that came before the journal was read. */
  #early: LabEvent[] | undefined = [];
  readonly #listeners = new Set<() => void>();
  #stop: (() => void) | undefined;

  constructor(
    machines: Parameters<typeof initialLabState>[0],
    private readonly logs: Logs,
    private readonly clock: Clock,
  ) {
    this.#lab = initialLabState(machines);
    this.#snapshot = { lab: this.#lab, view: this.#view, now: clock.now(), loaded: false, asked: false };
  }

  start(): void {
    this.#stop ??= this.clock.every(TICK, () => this.#tick());
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Takes an event; cheap, never notifies. */
  apply = (event: LabEvent): void => {
    // Logs wait for the journal, which belongs above; the state is shown at once and folded again.
    if (this.#early === undefined) this.logs.take(event);
    else this.#early.push(event);
    this.#lab = reduce(this.#lab, event);
    // A console that printed shows when the one on the screen was read: four busy ones draw no more often than one.
    if (event.type !== 'console') this.#stale = true;
  };

  /** Puts the journal of earlier sessions under what happened since the start. */
  loadHistory(history: readonly LabEvent[]): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    const first = early[0];
    const before = first === undefined ? history : history.filter(({ seq }) => seq < first.seq);
    const machines = this.#lab.machines;
    let state: LabState = { ...this.#lab, steps: {}, commands: 0, waits: [], progress: [], notices: [] };
    delete (state as { running?: string }).running;
    state = closeHistory(before.reduce(reduce, state));
    // The hypervisor, not the journal, knows what the machines are now; how long they usually take is remembered.
    const usual = new Map(state.machines.map((machine) => [machine.name, machine.usual]));
    state = {
      ...state,
      machines: machines.map((machine) => {
        const known = machine.usual ?? usual.get(machine.name);
        return known === undefined ? machine : { ...machine, usual: known };
      }),
    };
    this.logs.restart(before);
    this.#lab = state;
    for (const event of early) this.apply(event);
    this.#loaded = true;
    this.#emit();
  }

  /** Something outside the state changed that a pane shows. */
  touch(): void {
    this.#stale = true;
  }

  loadStatus(status: readonly MachineStatus[]): void {
    this.#lab = applyStatus(this.#lab, status, this.clock.now());
    this.#stale = true;
    this.#asked = true;
  }

  get asked(): boolean {
    return this.#asked;
  }

  /** After `startOver`: no step was ever run. */
  forgetSteps(): void {
    const { running: _running, ...rest } = this.#lab;
    this.#lab = { ...rest, steps: {} };
    this.#emit();
  }

  get view(): View {
    return this.#view;
  }

  get lab(): LabState {
    return this.#lab;
  }

  /** Changes what is looked at, and shows it at once. */
  update(change: (view: View, now: number) => View): void {
    const next = change(this.#view, this.clock.now());
    if (next === this.#view) return;
    this.#view = next;
    this.#emit();
  }

  snapshot = (): Snapshot => this.#snapshot;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #tick(): void {
    const since = this.clock.now() - this.#snapshot.now;
    if (this.#stale || (since >= BUSY_FRAME && this.#moves()) || (since >= 1000 && this.#counts())) this.#emit();
  }

  /** Is there a spinner to turn? */
  #moves(): boolean {
    const { running, waits, progress, machines } = this.#lab;
    return (
      this.#view.busy !== undefined ||
      running !== undefined ||
      waits.length > 0 ||
      progress.length > 0 ||
      machines.some(({ state }) => state === 'starting' || state === 'stopping')
    );
  }

  /** Is there a clock to move? */
  #counts(): boolean {
    return this.#view.timer.runningSince !== undefined || this.#lab.machines.some(({ state }) => isUp(state));
  }

  #emit(): void {
    this.#stale = false;
    const { clock } = this;
    this.#snapshot = { lab: this.#lab, view: this.#view, now: clock.now(), loaded: this.#loaded, asked: this.#asked };
    for (const listener of this.#listeners) listener();
  }

  /** Milliseconds on the lesson's timer. */
  elapsed(): number {
    return elapsed(this.#view.timer, this.clock.now());
  }
}
