import type { Actions } from '../keys/actions.js';
import { visiblePanes } from '../state/layout.js';
import { isOptional, PANES } from '../state/panes.js';
import { changeZoom, type Dialog, nextZoom, type PaneId, showMachine, type View } from '../state/view.js';
import { type Parts, screenLayout } from './parts.js';

type ViewActions = Pick<
  Actions,
  | 'scroll'
  | 'pageOrNext'
  | 'pageOrPrevious'
  | 'cyclePane'
  | 'focusPane'
  | 'zoom'
  | 'toggleLower'
  | 'selectMachine'
  | 'toggleNative'
  | 'toggleCard'
  | 'toggleFooter'
  | 'toggleTimer'
>;

/** What only changes how things are looked at. */
export function viewActions(parts: Parts, steps: Pick<Actions, 'nextStep' | 'previousStep'>): ViewActions {
  const { store, viewport } = parts;
  const set = (change: (view: View, now: number) => Partial<View>) =>
    store.update((view, now) => ({ ...view, ...change(view, now) }));

  const scroll: ViewActions['scroll'] = (by, unit) =>
    set((view) => {
      const { dialog } = view;
      if (dialog !== undefined) return 'scroll' in dialog ? { dialog: scrolled(dialog, by, unit) } : {};
      const { offset, max, page } = viewport.lesson;
      return { scroll: moved(offset, by, unit, max, page) };
    });

  const scrolled = (
    dialog: Extract<Dialog, { scroll: number }>,
    by: number,
    unit: 'line' | 'page' | 'end',
  ): Dialog => ({
    ...dialog,
    scroll: moved(Math.min(dialog.scroll, viewport.dialog.max), by, unit, viewport.dialog.max, viewport.dialog.page),
  });

  const focus = (pane: PaneId) =>
    set((view) => ({
      pane,
      search: undefined,
      ...(isOptional(pane) ? { lower: pane } : {}),
      scroll: view.scroll,
    }));

  return {
    scroll,
    pageOrNext() {
      if (viewport.lesson.offset < viewport.lesson.max) scroll(1, 'page');
      else if (store.view.busy === undefined) steps.nextStep();
    },
    pageOrPrevious() {
      if (viewport.lesson.offset > 0) scroll(-1, 'page');
      else if (store.view.busy === undefined) steps.previousStep();
    },
    cyclePane(by) {
      const panes = visiblePanes(screenLayout(parts));
      const all = panes.length > 1 ? panes : PANES;
      const at = all.indexOf(store.view.pane);
      focus(all[(at + by + all.length) % all.length] as PaneId);
    },
    focusPane: focus,
    zoom: (change) => set(({ zoom }) => ({ zoom: change === 'cycle' ? nextZoom(zoom) : changeZoom(zoom, change) })),
    toggleLower() {
      const { lower, pane } = store.view;
      const next = lower === 'commands' ? 'output' : 'commands';
      const narrow = screenLayout(parts).kind === 'tabs';
      if (narrow || pane === 'output' || pane === 'commands') focus(pane === 'commands' ? 'output' : 'commands');
      else set(() => ({ lower: next }));
    },
    selectMachine: (by) =>
      set((view) => {
        const names = store.lab.machines.map(({ name }) => name);
        const at = names.indexOf(view.machine ?? '');
        return { ...showMachine(view, names[(at + by + names.length) % names.length]), pinned: true };
      }),
    toggleNative: () => set(({ native }) => ({ native: !native })),
    toggleCard: () => set(({ cardHidden }) => ({ cardHidden: !cardHidden })),
    toggleFooter: () => set(({ footer }) => ({ footer: !footer })),
    toggleTimer: () =>
      set(({ timer, lesson }, now) => ({ timer: toggle({ ...timer, ...(lesson ? { lesson } : {}) }, now) })),
  };
}

function toggle(timer: View['timer'], now: number): View['timer'] {
  if (timer.runningSince === undefined) return { ...timer, runningSince: now };
  const { runningSince, ...rest } = timer;
  return { ...rest, elapsed: timer.elapsed + now - runningSince };
}

function moved(from: number, by: number, unit: 'line' | 'page' | 'end', max: number, page: number): number {
  if (unit === 'end') return by < 0 ? 0 : max;
  // A line of overlap keeps the eye on the text.
  const step = unit === 'page' ? Math.max(1, page - 1) : 1;
  return Math.max(0, Math.min(max, from + by * step));
}
