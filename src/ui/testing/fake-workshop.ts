import type { AttemptRef, EventBus, LabEvent, LabEventBody } from '../../engine/events.js';
import type { Wire } from '../../engine/lab/wire-watch.js';
import type { DoctorItem, Lab, MachineStatus, Savepoint } from '../../engine/lab.js';
import type { ProviderReport } from '../../engine/providers/provider.js';
import type { Lesson } from '../../steps/lesson.js';
import type { RunOptions, StepOutcome, Workshop } from '../../steps/workshop.js';
import { fixtureConfig, nothingCreated } from './fixture-lab.js';
import { fixtureLessons } from './fixture-lessons.js';

export interface ScriptedRun extends AttemptRef {
  emit(body: LabEventBody): void;
  signal: AbortSignal;
}

/** What running a step does: it emits events and says how the step ended. */
export type RunScript = (run: ScriptedRun) => Promise<StepOutcome>;

export interface FakePlan {
  lessons?: Lesson[];
  history?: LabEvent[];
  status?: MachineStatus[];
  report?: ProviderReport;
  doctor?: DoctorItem[];
  savepoints?: Savepoint[];
  wire?: Wire;
  /** By `lesson/step`; running any other step throws. */
  steps?: Record<string, RunScript>;
  /** Methods of the lab that the test expects to be called. */
  lab?: Partial<Lab>;
  now?: () => number;
  directory?: string;
}

const NO_WIRE: Wire = {
  lines: [],
  version: 0,
  file: '/state/labs/default/wire.pcap',
  look: async () => undefined,
  export: () => Promise.reject(new Error('unplanned: wire.export')),
};
const REPORT: ProviderReport = { usable: true, version: '8.2.2', accelerator: 'kvm', slowness: 1, problems: [] };

/** A Workshop that does what its plan says and nothing else: an unplanned call throws. */
export class FakeWorkshop implements Workshop {
  readonly lab: Lab;
  readonly lessons: Lesson[];
  readonly lintFaults = [];
  readonly events: EventBus;
  /** Names of the methods that were called, in order, with their first argument. */
  readonly calls: string[] = [];
  status: MachineStatus[];
  readonly #listeners = new Set<(event: LabEvent) => void>();
  readonly #attempts = new Map<string, number>();
  #seq = 0;
  #running = false;

  constructor(private readonly plan: FakePlan = {}) {
    this.lessons = structuredClone(plan.lessons ?? fixtureLessons);
    this.status = plan.status ?? nothingCreated;
    this.#seq = plan.history?.length ?? 0;
    this.events = {
      emit: (body) => this.emit(body),
      subscribe: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    this.lab = this.#lab();
  }

  emit(body: LabEventBody): void {
    const event = { seq: ++this.#seq, time: (this.plan.now ?? Date.now)(), ...body } as LabEvent;
    for (const listener of this.#listeners) listener(event);
  }

  async history(): Promise<LabEvent[]> {
    return this.plan.history ?? [];
  }

  runStep(lesson: string, step: string, options: RunOptions = {}): Promise<StepOutcome> {
    this.calls.push(`runStep ${lesson}/${step}`);
    return this.#attempt(lesson, step, options);
  }

  checkStep(lesson: string, step: string, options: RunOptions = {}): Promise<StepOutcome> {
    this.calls.push(`checkStep ${lesson}/${step}`);
    return this.#attempt(lesson, step, options);
  }

  async runFrom(lesson: string, step: string | undefined, options: RunOptions = {}): Promise<StepOutcome> {
    this.calls.push(`runFrom ${lesson}/${step ?? ''}`);
    const steps = this.lessons.find(({ id }) => id === lesson)?.steps ?? [];
    for (const { id } of steps.slice(
      Math.max(
        0,
        steps.findIndex((one) => one.id === step),
      ),
    )) {
      const outcome = await this.#attempt(lesson, id, options);
      if (outcome !== 'passed') return outcome;
    }
    return 'passed';
  }

  async skipStep(lesson: string, step: string): Promise<void> {
    this.calls.push(`skipStep ${lesson}/${step}`);
    this.emit({ type: 'step', status: 'skipped', ...this.#next(lesson, step) });
  }

  background(): string[] {
    return [];
  }

  async stopBackground(id: string): Promise<void> {
    throw new Error(`unplanned: stopBackground ${id}`);
  }

  async trust(id: string): Promise<void> {
    this.calls.push(`trust ${id}`);
    const lesson = this.lessons.find((one) => one.id === id);
    if (lesson === undefined) throw new Error(`unplanned: trust ${id}`);
    lesson.trusted = true;
  }

  async startOver(): Promise<void> {
    this.calls.push('startOver');
  }

  async doctor(): Promise<DoctorItem[]> {
    this.calls.push('doctor');
    if (this.plan.doctor === undefined) throw new Error('unplanned: doctor');
    return this.plan.doctor;
  }

  outputFile(lesson: string, step: string, attempt: number, action: string): string {
    return `/state/runs/1/output/${lesson}-${step}-${attempt}-${action}`;
  }

  async close(): Promise<void> {}

  #next(lesson: string, step: string): AttemptRef {
    const key = `${lesson}/${step}`;
    const attempt = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempt);
    return { lesson, step, attempt };
  }

  async #attempt(lesson: string, step: string, { signal }: RunOptions): Promise<StepOutcome> {
    const script = this.plan.steps?.[`${lesson}/${step}`];
    if (script === undefined) throw new Error(`unplanned: run ${lesson}/${step}`);
    if (this.#running) throw new Error('a step is running already');
    this.#running = true;
    const ref = this.#next(lesson, step);
    this.emit({ type: 'step', status: 'started', ...ref });
    try {
      const run = {
        ...ref,
        emit: (body: LabEventBody) => this.emit(body),
        signal: signal ?? new AbortController().signal,
      };
      const outcome = await script(run);
      if (outcome !== 'failed') this.emit({ type: 'step', status: outcome, ...ref });
      return outcome;
    } finally {
      this.#running = false;
    }
  }

  #lab(): Lab {
    const planned: Partial<Lab> = {
      config: fixtureConfig,
      directory: this.plan.directory ?? '/state/labs/default',
      provider: {
        name: 'qemu',
        capabilities: { liveSnapshots: true, screenshot: true, linkControl: true, wire: true },
      } as Lab['provider'],
      choice: { name: 'qemu', why: 'VirtualBox is not installed' },
      status: async () => this.status,
      probe: async () => this.plan.report ?? REPORT,
      watch: () => async () => {},
      wire: this.plan.wire ?? NO_WIRE,
      savepoints: async () => this.plan.savepoints ?? [],
      console: (name) => ({
        logFile: `${this.plan.directory ?? '/state/labs/default'}/machines/${name}/console.log`,
        attach: () => Promise.reject(new Error(`unplanned: attach ${name}`)),
      }),
      ...this.plan.lab,
    };
    return new Proxy(planned as Lab, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (value === undefined && typeof name === 'string' && name !== 'then')
          throw new Error(`unplanned: lab.${name}`);
        return value;
      },
    });
  }
}
