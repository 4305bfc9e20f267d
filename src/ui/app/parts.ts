import type { Lesson, Step } from '../../steps/lesson.js';
import type { Consoles } from '../console/consoles.js';
import type { KeyContext } from '../keys/binding.js';
import type { Markdown } from '../lesson/markdown.js';
import type { LogPage } from '../logs/log-position.js';
import type { LogSource } from '../logs/log-source.js';
import type { UiOptions, UiResult } from '../options.js';
import type { Clock } from '../state/clock.js';
import { stepKey } from '../state/lab-state.js';
import { type Layout, layout } from '../state/layout.js';
import type { Logs } from '../state/logs.js';
import type { Store } from '../state/store.js';
import type { LogId } from '../state/view.js';
import type { WireLines } from '../wire/wire-lines.js';

/** What the panes last drew: how far they can scroll. Written while rendering, read by keys. */
export interface Viewport {
  columns: number;
  rows: number;
  /** First line shown, last possible first line, lines on a page. */
  lesson: { offset: number; max: number; page: number };
  dialog: { max: number; page: number };
  logs: Record<LogId, LogPage>;
  showsConsole: boolean;
  showsWire: boolean;
}

/** What the screen needs of the terminal; Ink provides it once it runs. */
export interface TerminalControl {
  /** Hands the terminal over while `work` runs, then draws anew. */
  suspend(work: () => Promise<void>): Promise<void>;
  /** Ends the screen. */
  end(result: UiResult): void;
}

/** What the actions share. */
export interface Parts {
  options: UiOptions;
  store: Store;
  logs: Logs;
  consoles: Consoles;
  wire: WireLines;
  clock: Clock;
  viewport: Viewport;
  terminal: TerminalControl;
  /** Loaded when prose is first shown. */
  markdown: Markdown | undefined;
}

export function newViewport(columns = 80, rows = 24): Viewport {
  const page: LogPage = { top: 0, size: 1, max: 0 };
  return {
    columns,
    rows,
    lesson: { offset: 0, max: 0, page: 1 },
    dialog: { max: 0, page: 1 },
    logs: { console: page, wire: page, output: page, commands: page },
    showsConsole: false,
    showsWire: false,
  };
}

export interface Place {
  lesson: Lesson;
  step: Step;
  index: number;
}

/** The lesson and step on the screen. */
export function place({ options, store }: Pick<Parts, 'options' | 'store'>): Place | undefined {
  const { view } = store;
  const lesson = options.workshop.lessons.find(({ id }) => id === view.lesson);
  if (lesson === undefined) return undefined;
  const index = Math.min(view.step[lesson.id] ?? 0, lesson.steps.length - 1);
  const step = lesson.steps[index];
  return step === undefined ? undefined : { lesson, step, index };
}

export function screenLayout({ store, viewport }: Pick<Parts, 'store' | 'viewport'>): Layout {
  const { view, lab } = store;
  const { columns, rows } = viewport;
  const { pane, zoom, lower, footer } = view;
  return layout({ columns, rows, machineLines: lab.machines.length, pane, zoom, lower, footer });
}

/** The log that a pane shows. */
export function logSource({ logs, consoles, wire, store }: Parts, id: LogId): LogSource {
  if (id === 'wire') return wire.source(store.view.wire);
  if (id !== 'console') return logs[id];
  return consoles.source(store.view.machine ?? '');
}

/** Which keys do something is decided from this. */
export function keyContext(parts: Parts): KeyContext {
  const { store, options, viewport } = parts;
  const { view, lab } = store;
  const at = place(parts);
  return {
    view,
    lab,
    layout: screenLayout(parts),
    lessons: options.workshop.lessons,
    lesson: at?.lesson,
    step: at?.step,
    index: at?.index ?? 0,
    stepView: at === undefined ? undefined : lab.steps[stepKey(at.lesson.id, at.step.id)],
    canCopy: options.copy !== undefined,
    capabilities: options.workshop.lab.provider.capabilities,
    more: viewport.lesson.offset < viewport.lesson.max,
  };
}
