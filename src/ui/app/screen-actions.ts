import type { Actions } from '../keys/actions.js';
import { isUp } from '../state/reduce-machines.js';
import { showScreen } from '../state/view.js';
import type { Parts } from './parts.js';
import type { Work } from './work.js';

type ScreenActions = Pick<
  Actions,
  'home' | 'doctor' | 'cleanUp' | 'back' | 'quit' | 'exit' | 'shell' | 'lookAgain' | 'fix' | 'copy'
>;

/** Going from screen to screen, out of the program, and into a shell. */
export function screenActions(parts: Parts, work: Work, leaveExplore: () => void): ScreenActions {
  const { store, options } = parts;
  const { lab } = options.workshop;

  const exit: ScreenActions['exit'] = (machines) => {
    const interrupted = work.running;
    work.cancel();
    parts.terminal.end({ machines, exitCode: interrupted ? 130 : 0 });
  };

  let leaving = false;
  const quit = () => {
    const { dialog } = store.view;
    const up = store.lab.machines.some(({ state }) => isUp(state));
    // The second Ctrl+C, or one in the question itself, is an answer too: nothing is taken away.
    if (leaving || dialog?.kind === 'quit' || work.running) exit('leave');
    else if (up) store.update((view) => ({ ...view, dialog: { kind: 'quit' } }));
    else if (store.asked) exit('leave');
    else {
      leaving = true;
      void work.refresh().then(() => {
        leaving = false;
        if (store.asked) quit();
        else exit('leave');
      });
    }
  };

  const lookAgain = () => {
    store.update((view) => ({ ...view, doctor: { ...view.doctor, looking: true } }));
    void work.quietly(async () => {
      try {
        const items = await options.workshop.doctor();
        const selected = Math.max(
          0,
          items.findIndex(({ status }) => status !== 'ok'),
        );
        store.update((view) => ({ ...view, doctor: { ...view.doctor, items, selected } }));
        return undefined;
      } finally {
        store.update((view) => ({ ...view, doctor: { ...view.doctor, looking: false } }));
      }
    });
  };

  return {
    home: () => store.update((view) => showScreen(view, 'home')),
    doctor() {
      store.update((view) => showScreen(view, 'doctor'));
      lookAgain();
    },
    cleanUp() {
      store.update((view) => showScreen(view, 'cleanup'));
      void work.quietly(async () => {
        const savepoints = await lab.savepoints();
        store.update((view) => ({ ...view, savepoints }));
        return undefined;
      });
    },
    back() {
      const { screen, from } = store.view;
      if (screen === 'home') quit();
      else if (screen === 'explore') leaveExplore();
      else if (screen === 'lesson') store.update((view) => showScreen(view, 'home'));
      else store.update((view) => showScreen(view, from));
    },
    quit,
    exit,
    shell(name) {
      const machine = name ?? store.view.machine;
      if (machine === undefined || work.running) return;
      void work.quietly(async () => {
        const { program, args } = await lab.shell(machine);
        let code = 0;
        await parts.terminal.suspend(async () => {
          code = await options.interactive(program, args);
        });
        await work.refresh();
        if (code !== 255) return { text: `Back from ${machine}.`, tone: 'plain' };
        return { text: `ssh could not reach ${machine}. Its console shows whether it is up.`, tone: 'bad' };
      });
    },
    lookAgain,
    fix(index) {
      const item = store.view.doctor.items?.[index];
      if (item?.fix === undefined) {
        const text =
          item === undefined || item.status === 'ok' ? 'There is nothing to repair here.' : (item.remedy[0] ?? '');
        store.update((view) => ({ ...view, message: { text, tone: 'plain' } }));
        return;
      }
      const { fix } = item;
      void work
        .run(`Repairing: ${item.title}`, 'lab', async (signal) => {
          await fix({ signal });
          return { text: `Done: ${item.title}`, tone: 'ok' };
        })
        .then(lookAgain);
    },
    copy(text, what) {
      void work.quietly(async () => {
        const copied = await options.copy?.(text);
        store.update((view) => ({ ...view, dialog: undefined }));
        return copied === true
          ? { text: `Copied: ${what}`, tone: 'ok' }
          : {
              text: 'The clipboard cannot be reached from here. Pane 5 (@) shows every command for the mouse.',
              tone: 'warn',
            };
      });
    },
  };
}
