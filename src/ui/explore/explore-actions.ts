import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbort, toFailure } from '../../engine/errors.js';
import type { Parts } from '../app/parts.js';
import type { Work } from '../app/work.js';
import type { Actions } from '../keys/actions.js';
import { isUp } from '../state/reduce-machines.js';
import { type Message, type PromptGoal, showScreen, type View } from '../state/view.js';
import { beginExploring, changes, type ExploreState, record } from './explore-state.js';
import { runOnAll, runOnOne } from './run-command.js';

export type ExploreActions = Pick<
  Actions,
  | 'explore'
  | 'leaveExplore'
  | 'power'
  | 'askPower'
  | 'addMachine'
  | 'askRestore'
  | 'toggleLink'
  | 'screenshot'
  | 'attachConsole'
  | 'askCommand'
  | 'askSavepoint'
  | 'chooseSavepoint'
> & { prompted(goal: PromptGoal, text: string): void; restoreSavepoint(name: string): void };

/** Everything that free exploration does to machines. What goes wrong stands on the screen until the next thing is done. */
export function exploreActions(parts: Parts, work: Work): ExploreActions {
  const { store, options, logs } = parts;
  const { lab } = options.workshop;

  const remember = (change: (explore: ExploreState) => ExploreState) =>
    store.update((view) => ({ ...view, explore: change(view.explore ?? beginExploring(store.lab.machines)) }));

  /** Runs `task`, then remembers `done`. */
  const act = (label: string, done: string, task: (signal: AbortSignal) => Promise<unknown>) =>
    work.run(label, 'lab', async (signal): Promise<Message> => {
      remember((explore) => ({ ...explore, failure: undefined }));
      try {
        await task(signal);
      } catch (error) {
        if (!isAbort(error)) remember((explore) => ({ ...explore, failure: toFailure(error) }));
        throw error;
      }
      remember((explore) => record(explore, done));
      return { text: done, tone: 'ok' };
    });

  const loadSavepoints = async () => {
    const savepoints = await lab.savepoints().catch(() => undefined);
    store.update((view) => ({ ...view, savepoints }));
  };
  const selected = () => store.view.machine;
  const ask = (dialog: View['dialog']) => store.update((view) => ({ ...view, dialog }));

  return {
    explore() {
      store.update((view) => ({
        ...showScreen(view, 'explore'),
        pane: 'lesson',
        explore: view.explore ?? beginExploring(store.lab.machines),
      }));
      void loadSavepoints();
    },
    leaveExplore() {
      const { explore } = store.view;
      const lines = explore === undefined ? [] : changes(explore, store.lab.machines);
      store.update((view) => ({
        ...showScreen(view, view.from),
        pane: 'lesson',
        explore: undefined,
        dialog: lines.length === 0 ? undefined : { kind: 'changes', lines },
      }));
    },
    power(verb, name) {
      const machine = name ?? selected();
      if (machine === undefined) return;
      const names = [machine];
      switch (verb) {
        case 'up':
          return void act(`Starting ${machine}`, `${machine} was started`, (signal) => lab.up(names, { signal }));
        case 'halt':
          return void act(`Shutting ${machine} down`, `${machine} was shut down`, (signal) =>
            lab.halt(names, { signal }),
          );
        case 'reload':
          return void act(`Restarting ${machine}`, `${machine} was restarted`, (signal) =>
            lab.reload(names, { signal }),
          );
        case 'poweroff':
          return void act(`Powering ${machine} off`, `${machine} lost power`, (signal) =>
            lab.halt(names, { force: true, signal }),
          );
        case 'destroy':
          return void act(`Destroying ${machine}`, `${machine} was destroyed`, (signal) =>
            lab.destroy(names, { signal }),
          ).then(loadSavepoints);
        case 'remove':
          return void act(`Removing ${machine}`, `${machine} was removed from the lab`, async (signal) => {
            await lab.remove(machine, { signal });
            store.update((view) =>
              view.machine === machine ? { ...view, machine: lab.config.machines[0]?.name } : view,
            );
          }).then(loadSavepoints);
      }
    },
    addMachine() {
      // Its name is known only when it was added.
      void act('Adding a machine', 'a machine was added to the lab', async () => {
        const { name } = await lab.add();
        store.update((view) => ({ ...view, machine: name }));
      });
    },
    askPower(verb) {
      const machine = selected();
      if (machine === undefined) return;
      const [title, text] = {
        poweroff: [
          `Cut the power of ${machine}`,
          `${machine} loses power at once, like pulling the plug. Its disk is kept.`,
        ],
        destroy: [
          `Destroy ${machine}`,
          `${machine} is deleted with its disk and its savepoints. This cannot be undone.`,
        ],
        remove: [
          `Remove ${machine}`,
          `${machine} is deleted with its disk and its savepoints, and leaves the lab; Mayu forgets it. This cannot be undone.`,
        ],
      }[verb] as [string, string];
      const word = verb === 'poweroff' ? {} : { word: machine };
      ask({ kind: 'confirm', title, text, typed: '', action: { do: 'machine', verb, machine }, ...word });
    },
    askRestore(name) {
      const machines = store.view.savepoints?.find((one) => one.name === name)?.machines.join(', ') ?? '';
      ask({
        kind: 'confirm',
        title: `Bring back ${name}`,
        text: `${machines}: disks and memory become what they were when ${name} was saved. What happened since is lost.`,
        typed: '',
        action: { do: 'restore', savepoint: name },
      });
    },
    toggleLink() {
      const machine = selected();
      if (machine === undefined) return;
      const plug = store.view.explore?.unplugged.includes(machine) === true;
      const what = plug ? `the cable of ${machine} was plugged in` : `the cable of ${machine} was pulled`;
      void act(plug ? `Plugging ${machine} in` : `Unplugging ${machine}`, what, async () => {
        await lab.link(machine, plug);
        remember((explore) => ({
          ...explore,
          unplugged: plug ? explore.unplugged.filter((one) => one !== machine) : [...explore.unplugged, machine],
        }));
      });
    },
    screenshot() {
      const machine = selected();
      if (machine === undefined) return;
      const folder = join(lab.directory, 'saved');
      const stamp = new Date(parts.clock.now()).toISOString().slice(0, 19).replaceAll(':', '-');
      const file = join(folder, `${machine}-${stamp}.png`);
      void act(`Taking a picture of ${machine}`, `Picture saved: ${file}`, async () => {
        await mkdir(folder, { recursive: true });
        await lab.screenshot(machine, file);
      });
    },
    attachConsole() {
      const machine = selected();
      const { attach } = options;
      if (machine === undefined || attach === undefined || work.running) return;
      void work.quietly(async () => {
        try {
          await parts.terminal.suspend(() => attach(machine));
        } finally {
          await work.refresh();
        }
        return { text: `Back from the console of ${machine}.`, tone: 'plain' };
      });
    },
    askCommand(everywhere) {
      const machine = everywhere ? undefined : selected();
      const where = machine ?? `every machine that runs (${running(parts).join(', ')})`;
      ask({ kind: 'prompt', title: `Run on ${where}`, label: 'Command', text: '', goal: { do: 'exec', machine } });
    },
    askSavepoint() {
      const taken = new Set((store.view.savepoints ?? []).map(({ name }) => name));
      let number = 1;
      while (taken.has(`explore-${number}`)) number++;
      ask({
        kind: 'prompt',
        title: 'Save all machines',
        label: 'Name',
        text: `explore-${number}`,
        goal: { do: 'save' },
      });
    },
    chooseSavepoint: () => ask({ kind: 'savepoints' }),
    restoreSavepoint(name) {
      void act(`Restoring ${name}`, `Savepoint ${name} was restored`, (signal) => lab.restore(name, { signal }));
    },
    prompted(goal, text) {
      if (goal.do === 'save') {
        void act(`Saving ${text}`, `Savepoint ${text} was saved`, (signal) => lab.save(text, { signal })).then(
          loadSavepoints,
        );
        return;
      }
      const { machine } = goal;
      remember((explore) => ({ ...explore, command: text }));
      if (store.view.pane !== 'output') store.update((view) => ({ ...view, lower: 'output', pane: 'output' }));
      const names = machine === undefined ? running(parts) : [machine];
      void act(`Running ${text}`, `ran on ${names.join(', ')}: ${text}`, (signal) =>
        machine === undefined ? runOnAll(lab, names, text, logs, signal) : runOnOne(lab, machine, text, logs, signal),
      );
    },
  };
}

function running({ store }: Pick<Parts, 'store'>): string[] {
  return store.lab.machines.filter(({ state }) => isUp(state)).map(({ name }) => name);
}
