import { Consoles } from '../console/consoles.js';
import type { Actions } from '../keys/actions.js';
import type { UiOptions } from '../options.js';
import { type Clock, systemClock } from '../state/clock.js';
import { Logs } from '../state/logs.js';
import { Store } from '../state/store.js';
import { showLesson, showStep } from '../state/view.js';
import { createTheme } from '../theme/theme.js';
import { WireLines } from '../wire/wire-lines.js';
import type { Ui } from './context.js';
import { createActions } from './create-actions.js';
import { follow } from './follow.js';
import { newViewport, type Parts } from './parts.js';
import { Work } from './work.js';

/** Nobody reads more than this of a console that floods; drawing is what costs. */
const CONSOLE_TICK = 150;

export interface Session {
  ui: Ui;
  actions: Actions;
  /** Reads what is not needed for the first frame, and follows the machines from then on. */
  load(): void;
  /** Ends everything that `load` began. */
  close(): Promise<void>;
}

/** Everything of the screen but the drawing. */
export function createSession(options: UiOptions, clock: Clock = systemClock): Session {
  const { workshop, initial } = options;
  const logs = new Logs();
  const consoles = new Consoles(workshop.lab, options.color);
  const theme = createTheme(options.color);
  const store = new Store(workshop.lab.config.machines, logs, clock);
  const parts: Parts = {
    options,
    store,
    logs,
    consoles,
    wire: new WireLines(workshop.lab, theme),
    clock,
    viewport: newViewport(options.stdout?.columns, options.stdout?.rows),
    terminal: { suspend: (work) => work(), end: () => {} },
    markdown: undefined,
  };
  const work = new Work(parts);
  const actions = createActions(parts, work);
  const first = workshop.lab.config.machines[0]?.name;
  store.update((view) => ({ ...view, machine: first }));
  if (initial.screen === 'lesson') {
    const lesson = workshop.lessons.find(({ id }) => id === initial.lesson);
    const index = lesson?.steps.findIndex(({ id }) => id === initial.step) ?? -1;
    if (lesson !== undefined) store.update((view) => showStep(showLesson(view, lesson.id), Math.max(0, index)));
  }

  let changed = false;
  const unsubscribe = workshop.events.subscribe((event) => {
    store.apply(event);
    follow(parts, event);
    if (event.type === 'machine' || (event.type === 'stage' && event.stage === 'ssh')) changed = true;
  });
  const stops: (() => void | Promise<void>)[] = [unsubscribe];
  let closed = false;

  return {
    ui: { parts, actions, theme },
    actions,
    load() {
      if (closed) return;
      store.start();
      stops.push(() => store.stop());
      void loadHistory(parts);
      void work.refresh();
      void lookAtHost(parts);
      // Addresses and ssh are not in the events: ask again after a change, not all the time.
      stops.push(
        clock.every(1000, () => {
          if (!changed) return;
          changed = false;
          void work.refresh();
        }),
      );
      stops.push(clock.every(CONSOLE_TICK, () => readConsole(parts)));
      stops.push(clock.every(CONSOLE_TICK, () => lookAtWire(parts)));
      stops.push(() => consoles.close());
      stops.push(workshop.lab.watch());
    },
    async close() {
      closed = true;
      work.cancel();
      for (const stop of stops.splice(0).reverse()) await stop();
    },
  };
}

/** Consoles are read while they are on the screen, from the file; events only say that there is more. */
function readConsole({ store, consoles, viewport }: Parts): void {
  const { machine } = store.view;
  if (machine === undefined || !viewport.showsConsole) return;
  void consoles.read(machine).then(
    (changed) => changed && store.touch(),
    () => {},
  );
}

/** The wire is read by the lab, whether it is on the screen or not; here it only matters whether there is something new to draw. */
function lookAtWire({ store, wire, viewport }: Parts): void {
  if (viewport.showsWire && wire.hasNews()) store.touch();
}

async function loadHistory({ store, options }: Parts): Promise<void> {
  try {
    store.loadHistory(await options.workshop.history());
  } catch {
    store.loadHistory([]);
    const text = 'What was done in earlier sessions could not be read.';
    store.update((view) => ({ ...view, message: { text, tone: 'warn' } }));
  }
}

async function lookAtHost({ store, options }: Parts): Promise<void> {
  const { lab } = options.workshop;
  const image = options.image?.().catch(() => undefined);
  try {
    const report = await lab.probe();
    const problem = report.usable ? undefined : (report.problems[0]?.message ?? 'No hypervisor can be used.');
    const name = [lab.provider.name, report.version].filter((part) => part !== undefined).join(' ');
    store.update((view) => ({
      ...view,
      host: {
        ...view.host,
        provider: name,
        why: lab.choice.why,
        ...(report.accelerator === undefined ? {} : { accelerator: report.accelerator }),
        ...(problem === undefined ? {} : { problem }),
      },
    }));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    store.update((view) => ({ ...view, host: { ...view.host, problem } }));
  }
  const state = await image;
  if (state !== undefined) store.update((view) => ({ ...view, host: { ...view.host, image: state } }));
}
