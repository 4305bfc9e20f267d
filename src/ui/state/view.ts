import type { DoctorItem, Savepoint } from '../../engine/lab.js';
import type { ExploreState } from '../explore/explore-state.js';
import { atEnd, type LogPosition } from '../logs/log-position.js';
import { everything, type WireLook } from '../wire/wire-look.js';
import type { LogId, PaneId } from './panes.js';

export { isLog, type LogId, PANES, type PaneId } from './panes.js';

export type Screen = 'home' | 'lesson' | 'explore' | 'doctor' | 'cleanup';
export type Zoom = 'normal' | 'half' | 'full';

export type Dialog =
  | { kind: 'help'; scroll: number }
  | { kind: 'palette'; query: string; index: number }
  | { kind: 'steps' }
  | { kind: 'hint'; scroll: number }
  | { kind: 'notes'; scroll: number }
  | { kind: 'copy' }
  /** One frame of a line on the wire: `index` of the `refs` of line `line`. */
  | {
      kind: 'frame';
      title: string;
      lines: readonly string[];
      line: number;
      index: number;
      count: number;
      scroll: number;
    }
  | { kind: 'quit' }
  | { kind: 'savepoints' }
  /** What free exploration changed. */
  | { kind: 'changes'; lines: readonly string[] }
  /** Asks for a line of text. */
  | { kind: 'prompt'; title: string; label: string; text: string; goal: PromptGoal }
  | { kind: 'trust'; lesson: string; step: string; goal: 'run' | 'check' | 'from' }
  /** `word`: must be typed to confirm; without it y or n answers. */
  | { kind: 'confirm'; title: string; text: string; word?: string; typed: string; action: ConfirmedAction };

/** What is done once it is confirmed; data, so that the view can be compared and tested. */
export type ConfirmedAction =
  | { do: 'halt' }
  | { do: 'poweroff' }
  | { do: 'destroy' }
  | { do: 'discard'; savepoint: string }
  | { do: 'restore'; savepoint: string }
  | { do: 'machine'; verb: 'poweroff' | 'destroy' | 'remove'; machine: string }
  | { do: 'startOver' }
  | { do: 'dropCaches' };

/** What a line of text that was asked for is used for; a command without a machine is for every one that runs. */
export type PromptGoal = { do: 'exec'; machine: string | undefined } | { do: 'save' };

export interface Message {
  text: string;
  tone: 'ok' | 'warn' | 'bad' | 'plain';
}

export interface TimerView {
  lesson?: string;
  /** Milliseconds counted before `runningSince`. */
  elapsed: number;
  runningSince?: number;
}

/** What is looked at, as opposed to what is so: which screen, pane, scroll position, dialog. */
export interface View {
  screen: Screen;
  /** Where doctor, clean-up and exploring were opened from. */
  from: 'home' | 'lesson';
  lesson?: string;
  /** Step index by lesson. */
  step: Readonly<Record<string, number>>;
  pane: PaneId;
  zoom: Zoom;
  /** Of the panes for which there is not always room, the one that was looked at last. */
  lower: PaneId;
  /** Lines scrolled down in the lesson; undefined = follow what runs. */
  scroll: number | undefined;
  /** Machine of the console pane; `pinned` once the user chose it. */
  machine: string | undefined;
  pinned: boolean;
  dialog: Dialog | undefined;
  cardHidden: boolean;
  native: boolean;
  footer: boolean;
  timer: TimerView;
  message: Message | undefined;
  /** Work that was started from here and has not ended. */
  busy: { label: string; kind: 'step' | 'lab'; cancelling: boolean } | undefined;
  /** Chosen row of the home screen. */
  home: number;
  doctor: { items: readonly DoctorItem[] | undefined; looking: boolean; selected: number };
  savepoints: readonly Savepoint[] | undefined;
  /** What the hypervisor and the image are, once asked. */
  host: HostView;
  /** Where each log is looked at; of consoles, the one that is shown. */
  logs: Readonly<Record<LogId, LogPosition>>;
  /** What of the wire is looked at. */
  wire: WireLook;
  /** While exploring freely. */
  explore: ExploreState | undefined;
  /** What is being typed to search the log that has the focus. */
  search: string | undefined;
}

export interface HostView {
  provider?: string;
  /** Why it is this one. */
  why?: string;
  accelerator?: string;
  problem?: string;
  image?: { ready: boolean; detail: string };
}

/** Shows the console of a machine, at its end. */
export function showMachine(view: View, machine: string | undefined): View {
  if (machine === view.machine) return view;
  const console = { ...atEnd, wrap: view.logs.console.wrap };
  return { ...view, machine, logs: { ...view.logs, console } };
}

export function initialView(): View {
  return {
    screen: 'home',
    from: 'home',
    step: {},
    pane: 'lesson',
    zoom: 'normal',
    lower: 'output',
    scroll: 0,
    machine: undefined,
    pinned: false,
    dialog: undefined,
    cardHidden: false,
    native: false,
    footer: true,
    timer: { elapsed: 0 },
    message: undefined,
    busy: undefined,
    home: 0,
    doctor: { items: undefined, looking: false, selected: 0 },
    savepoints: undefined,
    host: {},
    logs: { console: atEnd, wire: atEnd, output: atEnd, commands: atEnd },
    wire: everything,
    explore: undefined,
    search: undefined,
  };
}

/** Opens a screen from its top, with everything that lay over the old one gone. */
export function showScreen(view: View, screen: Screen): View {
  const from = view.screen === 'home' || view.screen === 'lesson' ? view.screen : view.from;
  return { ...view, screen, from, dialog: undefined, zoom: 'normal', message: undefined, search: undefined };
}

export function showLesson(view: View, lesson: string, step?: number): View {
  const index = step ?? view.step[lesson] ?? 0;
  const timer = view.timer.lesson === lesson ? view.timer : { lesson, elapsed: 0 };
  return { ...showStep({ ...showScreen(view, 'lesson'), lesson, timer }, index), pane: 'lesson' };
}

/** Looks at a step of the present lesson; nothing is run. */
export function showStep(view: View, index: number): View {
  if (view.lesson === undefined) return view;
  return {
    ...view,
    step: { ...view.step, [view.lesson]: index },
    scroll: 0,
    cardHidden: false,
    message: undefined,
    dialog: undefined,
  };
}

export function elapsed(timer: TimerView, now: number): number {
  return timer.elapsed + (timer.runningSince === undefined ? 0 : now - timer.runningSince);
}

export function startTimer(timer: TimerView, now: number): TimerView {
  return timer.runningSince === undefined ? { ...timer, runningSince: now } : timer;
}

export function toggleTimer(timer: TimerView, now: number): TimerView {
  if (timer.runningSince === undefined) return startTimer(timer, now);
  const { runningSince: _since, ...rest } = timer;
  return { ...rest, elapsed: elapsed(timer, now) };
}

export function nextZoom(zoom: Zoom): Zoom {
  return zoom === 'normal' ? 'half' : zoom === 'half' ? 'full' : 'normal';
}

/** Largest step of `zoom` towards full, or back: + and _. */
export function changeZoom(zoom: Zoom, by: 1 | -1): Zoom {
  const order: Zoom[] = ['normal', 'half', 'full'];
  return order[Math.min(2, Math.max(0, order.indexOf(zoom) + by))] as Zoom;
}
