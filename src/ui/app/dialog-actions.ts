import type { Actions } from '../keys/actions.js';
import { typed } from '../keys/names.js';
import { paletteEntries } from '../keys/palette.js';
import type { ConfirmedAction, Dialog, Message } from '../state/view.js';
import { bytes } from '../theme/format.js';
import { keyContext, type Parts } from './parts.js';
import type { Work } from './work.js';

type DialogActions = Pick<
  Actions,
  | 'openHelp'
  | 'openPalette'
  | 'openSteps'
  | 'openHint'
  | 'openNotes'
  | 'openCopy'
  | 'closeDialog'
  | 'answer'
  | 'type'
  | 'movePalette'
  | 'choosePalette'
>;

/** What dialogs do. `trusted` goes on with a step once its lesson is trusted; `typeSearch` takes what is typed for a search. */
export function dialogActions(
  parts: Parts,
  work: Work,
  all: () => Actions,
  trusted: (lesson: string, step: string, goal: 'run' | 'check' | 'from') => Promise<void>,
  typeSearch: (query: string) => void,
): DialogActions {
  const { store } = parts;
  const open = (dialog: Dialog | undefined) => store.update((view) => ({ ...view, dialog }));
  const entries = (query: string) => paletteEntries(keyContext(parts), all(), query);

  return {
    openHelp: () => open({ kind: 'help', scroll: 0 }),
    openPalette: () => open({ kind: 'palette', query: '', index: 0 }),
    openSteps: () => open({ kind: 'steps' }),
    openHint: () => open({ kind: 'hint', scroll: 0 }),
    openNotes: () => open({ kind: 'notes', scroll: 0 }),
    openCopy: () => open({ kind: 'copy' }),
    closeDialog: () => open(undefined),
    answer(yes) {
      const { dialog } = store.view;
      if (dialog?.kind === 'trust') {
        open(undefined);
        if (yes) void work.quietly(() => trusted(dialog.lesson, dialog.step, dialog.goal).then(() => undefined));
      } else if (dialog?.kind === 'confirm') {
        if (yes && dialog.word !== undefined && dialog.typed !== dialog.word) return;
        open(undefined);
        if (yes) void confirmed(parts, work, dialog.action, dialog.title);
      }
    },
    type(text) {
      const { dialog } = store.view;
      const change = (old: string) => {
        if (text === 'backspace') return [...old].slice(0, -1).join('');
        const character = typed(text);
        return character === undefined || old.length >= 64 ? old : old + character;
      };
      if (dialog?.kind === 'palette') open({ ...dialog, query: change(dialog.query), index: 0 });
      else if (dialog?.kind === 'confirm') open({ ...dialog, typed: change(dialog.typed) });
      else if (store.view.search !== undefined) typeSearch(change(store.view.search));
    },
    movePalette(by) {
      const { dialog } = store.view;
      if (dialog?.kind !== 'palette') return;
      const count = entries(dialog.query).length;
      if (count > 0) open({ ...dialog, index: (dialog.index + by + count) % count });
    },
    choosePalette() {
      const { dialog } = store.view;
      if (dialog?.kind !== 'palette') return;
      const chosen = entries(dialog.query)[dialog.index];
      if (chosen === undefined) return;
      open(undefined);
      chosen.run();
    },
  };
}

async function confirmed(parts: Parts, work: Work, action: ConfirmedAction, title: string): Promise<void> {
  const { options, store } = parts;
  const { lab } = options.workshop;
  await work.run(title, 'lab', async (signal): Promise<Message | undefined> => {
    switch (action.do) {
      case 'halt':
        await lab.halt([], { signal });
        return { text: 'All machines are shut down.', tone: 'ok' };
      case 'poweroff':
        await lab.halt([], { force: true, signal });
        return { text: 'All machines are off.', tone: 'ok' };
      case 'destroy':
        await lab.destroy([], { signal });
        return { text: 'The machines and their disks are gone.', tone: 'ok' };
      case 'discard':
        await lab.discard(action.savepoint);
        return { text: `Savepoint ${action.savepoint} is gone.`, tone: 'ok' };
      case 'startOver':
        await options.workshop.startOver();
        store.forgetSteps();
        return { text: 'Progress is forgotten; the machines are as they were.', tone: 'ok' };
      case 'dropCaches':
        return { text: `Freed ${bytes((await options.dropCaches?.()) ?? 0)}.`, tone: 'ok' };
    }
  });
  const savepoints = await lab.savepoints().catch(() => undefined);
  store.update((view) => ({ ...view, savepoints }));
}
