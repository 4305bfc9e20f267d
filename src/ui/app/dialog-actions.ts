import type { Actions } from '../keys/actions.js';
import { typed } from '../keys/names.js';
import { paletteEntries } from '../keys/palette.js';
import type { ConfirmedAction, Dialog, Message, PromptGoal } from '../state/view.js';
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
  | 'takePrompt'
  | 'recall'
  | 'movePalette'
  | 'choosePalette'
>;

/** Where what was answered or typed goes. */
interface Answers {
  /** Goes on with a step once its lesson is trusted. */
  trusted(lesson: string, step: string, goal: 'run' | 'check' | 'from'): Promise<void>;
  typeSearch(query: string): void;
  prompted(goal: PromptGoal, text: string): void;
  restoreSavepoint(name: string): void;
}

export function dialogActions(parts: Parts, work: Work, all: () => Actions, answers: Answers): DialogActions {
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
        if (yes)
          void work.quietly(() => answers.trusted(dialog.lesson, dialog.step, dialog.goal).then(() => undefined));
      } else if (dialog?.kind === 'confirm') {
        if (yes && dialog.word !== undefined && dialog.typed !== dialog.word) return;
        open(undefined);
        if (!yes) return;
        const { action } = dialog;
        if (action.do === 'machine') all().power(action.verb, action.machine);
        else if (action.do === 'restore') answers.restoreSavepoint(action.savepoint);
        else void confirmed(parts, work, action, dialog.title);
      }
    },
    type(text) {
      const { dialog } = store.view;
      const longest = dialog?.kind === 'prompt' ? 1000 : 64;
      const change = (old: string) => {
        if (text === 'backspace') return [...old].slice(0, -1).join('');
        const character = typed(text);
        return character === undefined || old.length >= longest ? old : old + character;
      };
      if (dialog?.kind === 'palette') open({ ...dialog, query: change(dialog.query), index: 0 });
      else if (dialog?.kind === 'confirm') open({ ...dialog, typed: change(dialog.typed) });
      else if (dialog?.kind === 'prompt') open({ ...dialog, text: change(dialog.text) });
      else if (store.view.search !== undefined) answers.typeSearch(change(store.view.search));
    },
    takePrompt() {
      const { dialog } = store.view;
      if (dialog?.kind !== 'prompt' || dialog.text.trim() === '') return;
      open(undefined);
      answers.prompted(dialog.goal, dialog.text.trim());
    },
    recall() {
      const { dialog, explore } = store.view;
      if (dialog?.kind === 'prompt' && explore !== undefined) open({ ...dialog, text: explore.command });
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

type LabWide = Exclude<ConfirmedAction, { do: 'machine' | 'restore' }>;

async function confirmed(parts: Parts, work: Work, action: LabWide, title: string): Promise<void> {
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
