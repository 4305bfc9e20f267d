import { describe, expect, test } from 'vitest';
import { initialLabState, type StepView } from '../state/lab-state.js';
import { layout } from '../state/layout.js';
import { type Dialog, initialView, PANES, type Screen, type View, type Zoom } from '../state/view.js';
import { fixtureConfig } from '../testing/fixture-lab.js';
import { fixtureLessons } from '../testing/fixture-lessons.js';
import { createTheme } from '../theme/theme.js';
import type { Binding, KeyContext } from './binding.js';
import { helpLines } from './help.js';
import { keyNames } from './names.js';
import { filterEntries, score } from './palette.js';
import { activeBindings, bindingFor, bindings, fitHints, hints } from './table.js';

const dialogs: (Dialog | undefined)[] = [
  undefined,
  { kind: 'help', scroll: 0 },
  { kind: 'palette', query: '', index: 0 },
  { kind: 'steps' },
  { kind: 'hint', scroll: 0 },
  { kind: 'notes', scroll: 0 },
  { kind: 'copy' },
  { kind: 'frame', title: 't', lines: ['x'], line: 1, index: 0, count: 3, scroll: 0 },
  { kind: 'quit' },
  { kind: 'savepoints' },
  { kind: 'changes', lines: ['x'] },
  { kind: 'prompt', title: 't', label: 'l', text: '', goal: { do: 'save' } },
  { kind: 'prompt', title: 't', label: 'l', text: '', goal: { do: 'exec', machine: 'core-01' } },
  { kind: 'trust', lesson: 'sandbox', step: 'up', goal: 'run' },
  { kind: 'confirm', title: 't', text: 't', typed: '', action: { do: 'halt' } },
  { kind: 'confirm', title: 't', text: 't', typed: '', word: 'default', action: { do: 'destroy' } },
];
const screens: Screen[] = ['home', 'lesson', 'explore', 'doctor', 'cleanup'];
const zooms: Zoom[] = ['normal', 'half', 'full'];
const statuses = [undefined, 'started', 'passed', 'failed', 'cancelled', 'interrupted', 'skipped'] as const;

function context(
  change: Partial<View>,
  more: { index?: number; status?: StepView['status'] | undefined; columns?: number } = {},
): KeyContext {
  const [lesson] = fixtureLessons;
  const index = more.index ?? 2;
  const state = initialLabState(fixtureConfig.machines);
  const lab = {
    ...state,
    machines: state.machines.map((one) => ({ ...one, state: 'running' as const, added: true as const })),
  };
  const view: View = { ...initialView(), lesson: 'sandbox', machine: 'core-provisioner', ...change };
  return {
    view,
    lab,
    layout: layout({
      columns: more.columns ?? 120,
      rows: 36,
      machineLines: 4,
      pane: view.pane,
      zoom: view.zoom,
      lower: 'output',
      footer: true,
    }),
    lessons: fixtureLessons,
    lesson,
    step: lesson?.steps[index],
    index,
    stepView: more.status === undefined ? undefined : { lesson: 'sandbox', step: 'up', status: more.status },
    canCopy: true,
    capabilities: { liveSnapshots: true, screenshot: true, linkControl: true, wire: true },
    more: false,
  };
}

/** Every situation that decides what keys do. */
function* situations(): Generator<KeyContext> {
  for (const screen of screens)
    for (const dialog of dialogs)
      for (const pane of PANES)
        for (const zoom of zooms)
          for (const status of statuses)
            for (const busy of [undefined, { label: 'x', kind: 'step' as const, cancelling: false }])
              for (const index of [0, 2, 5]) yield context({ screen, dialog, pane, zoom, busy }, { status, index });
  for (const pane of PANES) {
    const savepoints = [{ name: 'one', time: 0, machines: ['core-01'], bytes: 1 }];
    const off = context({ screen: 'explore', pane, savepoints });
    yield { ...off, lab: initialLabState(fixtureConfig.machines) };
    yield off;
  }
  const logs = { ...initialView().logs, output: { wrap: false, query: 'x' } };
  for (const screen of screens)
    for (const pane of PANES)
      for (const search of [undefined, 'x'])
        for (const dialog of dialogs) yield context({ screen, pane, search, logs, dialog });
}

const press = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  ctrl: false,
  shift: false,
  tab: false,
  backspace: false,
  delete: false,
  meta: false,
  super: false,
  hyper: false,
  capsLock: false,
  numLock: false,
};

describe('the key table', () => {
  test('no key means two things in any situation', () => {
    const conflicts = new Set<string>();
    for (const situation of situations()) {
      const seen = new Map<string, Binding>();
      for (const { binding, keys } of activeBindings(situation))
        for (const key of keys) {
          const other = seen.get(key);
          if (other !== undefined)
            conflicts.add(
              `${key}: ${other.id}, ${binding.id} (${situation.view.screen} ${situation.view.dialog?.kind ?? ''} ${situation.view.pane})`,
            );
          seen.set(key, binding);
        }
    }
    expect([...conflicts]).toEqual([]);
  });

  test('every binding works in some situation, and has a meaning and an id of its own', () => {
    const used = new Set<string>();
    for (const situation of situations()) for (const { binding } of activeBindings(situation)) used.add(binding.id);
    expect(bindings.filter(({ id }) => !used.has(id)).map(({ id }) => id)).toEqual([]);
    expect(new Set(bindings.map(({ id }) => id)).size).toBe(bindings.length);
  });

  test('help shows every key that is not of a dialog', () => {
    const text = helpLines(context({ screen: 'lesson' }), 80, createTheme(false)).join('\n');
    for (const { group, keys, label, id } of bindings) {
      if (group === 'Dialog' || keys.length === 0) continue;
      const shown = label ?? keys[0];
      expect(text.toLowerCase(), id).toContain((shown as string).replace('pgdn', 'PgDn').toLowerCase());
    }
  });

  test('while a step runs only keys that change nothing work, and Ctrl+C', () => {
    const busy = { label: 'x', kind: 'step' as const, cancelling: false };
    const running = context({ screen: 'lesson', busy }, { status: 'started' });
    const ids = 'enter n p r S R c e s d q g G u l y : ctrl+e right left'
      .split(' ')
      .map((key) => bindingFor(running, key)?.id);
    expect(new Set(ids)).toEqual(new Set([undefined]));
    expect(bindingFor(running, 'ctrl+c')?.id).toBe('cancel');
    for (const key of ['z', 'tab', 'pgdn', 'down', '?', 'N']) expect(bindingFor(running, key), key).toBeDefined();
  });

  test('a focused log pane keeps its own keys', () => {
    const log = context({ screen: 'lesson', pane: 'console' }, { status: 'failed' });
    expect(bindingFor(log, 'G')?.group).toBe('Log panes');
    expect(bindingFor(log, 'pgdn')?.group).toBe('Log panes');
    expect(bindingFor(log, 'r')?.id).toBe('rerun');
  });
});

describe('the footer', () => {
  test('has three to five hints wherever no dialog is open, each of a key that does something', () => {
    for (const situation of situations()) {
      const shown = hints(situation);
      expect(shown.length).toBeLessThanOrEqual(5);
      if (
        situation.view.screen === 'explore' ||
        situation.view.dialog !== undefined ||
        situation.view.busy !== undefined
      )
        continue;
      expect(shown.length, `${situation.view.screen} ${situation.view.pane}`).toBeGreaterThanOrEqual(3);
    }
  });

  test('says what comes next', () => {
    const first = (status: StepView['status'] | undefined) => hints(context({ screen: 'lesson' }, { status }))[0];
    expect(first(undefined)).toEqual({ key: 'enter', meaning: 'run the step' });
    expect(first('passed')).toEqual({ key: 'n', meaning: 'next step' });
    expect(first('failed')).toEqual({ key: 'r', meaning: 'rerun the step' });
  });

  test('keeps help and back when it is tight', () => {
    const shown = fitHints(hints(context({ screen: 'lesson' })), 30).map(({ key }) => key);
    expect(shown.slice(-2)).toEqual(['?', 'q']);
  });
});

describe('names', () => {
  test('a burst is one key after the other', () => {
    expect(keyNames('nr\r q\t\u0003', press)).toEqual(['n', 'r', 'enter', 'space', 'q', 'tab', 'ctrl+c']);
  });

  test('control characters and releases are nothing', () => {
    expect(keyNames('\u0001\u0000', press)).toEqual([]);
    expect(keyNames('n', { ...press, eventType: 'release' })).toEqual([]);
    expect(keyNames('b', { ...press, meta: true })).toEqual([]);
  });
});

describe('the palette', () => {
  test('finds letters in order, whole words first', () => {
    const entries = ['next step', 'rerun the step', 'doctor', 'list of steps'].map((text) => ({
      text,
      key: '',
      run() {},
    }));
    expect(filterEntries(entries, 'step').map(({ text }) => text)).toEqual([
      'next step',
      'rerun the step',
      'list of steps',
    ]);
    expect(filterEntries(entries, 'dctr').map(({ text }) => text)).toEqual(['doctor']);
    expect(filterEntries(entries, 'xyz')).toEqual([]);
    expect(score('doctor', 'doc')).toBe(0);
  });
});
