import type { LabConfig } from '../engine/config/lab-config.js';
import type { EventBus, LabEvent, LabEventBody } from '../engine/events.js';
import type { Exec } from '../engine/exec.js';
import type { Lab } from '../engine/lab.js';
import type { Lesson } from './lesson.js';
import { parseLesson } from './parse/parse-lesson.js';

/** An object of which only the planned members may be used: anything else throws, so that no call goes unnoticed. */
export function strict<T extends object>(name: string, planned: Partial<T>): T {
  return new Proxy(planned, {
    get(target, key) {
      if (Reflect.has(target, key)) return Reflect.get(target, key);
      // A promise resolving to the fake looks for `then`.
      if (key === 'then' || typeof key === 'symbol') return undefined;
      throw new Error(`unplanned use of ${name}.${String(key)}`);
    },
  }) as T;
}

export const MACHINES = ['core-provisioner', 'core-01', 'core-02', 'core-03'];

export function fakeLab(planned: Partial<Lab> = {}, image: 'labos' | 'flatcar' = 'labos'): Lab {
  const config = {
    image: { name: image, version: '1' },
    machines: MACHINES.map((name) => ({ name })),
  } as LabConfig;
  const report = { usable: true, slowness: 1, problems: [] };
  return strict<Lab>('Lab', {
    config,
    provider: strict<Lab['provider']>('Provider', { name: 'qemu' }),
    probe: async () => report,
    variables: async () => ({ PROVISIONER_IP: '192.168.2.2' }),
    native: async (verb, name) => [`qemu ${verb} ${name}`],
    ...planned,
  });
}

export const noExec = strict<Exec>('Exec', {});

/** A bus that keeps what it was given. */
export class RecordingBus implements EventBus {
  readonly all: LabEvent[] = [];
  readonly #listeners = new Set<(event: LabEvent) => void>();

  emit(body: LabEventBody): void {
    const event = { seq: this.all.length + 1, time: Date.now(), ...body };
    this.all.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  subscribe(listener: (event: LabEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  of<T extends LabEvent['type']>(type: T): Extract<LabEvent, { type: T }>[] {
    return this.all.filter((event): event is Extract<LabEvent, { type: T }> => event.type === type);
  }

  /** All text that was output. */
  text(): string {
    return this.of('output')
      .map(({ text }) => text)
      .join('');
  }

  /** Kinds and states in order, without output and commands: `step started`, `action passed` … */
  outline(): string[] {
    return this.all.flatMap((event) => {
      if (event.type === 'step') return [`step ${event.status}`];
      if (event.type === 'action') return [`${event.action} ${event.status}`];
      return event.type === 'check' ? [`check ${event.ok ? 'ok' : 'not ok'} ${event.name}`] : [];
    });
  }
}

export const FRONT = '---\nid: demo\ntitle: Demo\nsummary: A lesson.\nduration: 5m\nrequires: []\n---\n\n';

/** A trusted lesson with the id `demo` from the text after its front matter. */
export function lessonOf(body: string, trusted = true): Lesson {
  const { lesson, faults } = parseLesson(FRONT + body, 'demo.md');
  if (lesson === undefined || faults.some(({ severity }) => severity === 'error'))
    throw new Error(JSON.stringify(faults));
  return { ...lesson, trusted };
}
