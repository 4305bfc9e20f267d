import type { LabEvent } from '../state/event-types.js';
import { showMachine } from '../state/view.js';
import type { Parts } from './parts.js';

/** Lets the screen follow what happens: the console of the machine that matters, the step that a longer run has come to. */
export function follow({ store, options }: Pick<Parts, 'store' | 'options'>, event: LabEvent): void {
  const machine = concerned(event);
  const { view } = store;
  // Neither the machine that was chosen nor the text that is being read is taken away.
  const reading = view.logs.console.top !== undefined;
  if (machine !== undefined && !view.pinned && !reading && view.machine !== machine) {
    if (store.lab.machines.some(({ name }) => name === machine)) store.update((old) => showMachine(old, machine));
  }
  if (event.type !== 'step' || event.status !== 'started' || view.busy?.kind !== 'step') return;
  if (view.lesson !== event.lesson) return;
  const lesson = options.workshop.lessons.find(({ id }) => id === event.lesson);
  const index = lesson?.steps.findIndex(({ id }) => id === event.step) ?? -1;
  if (index === -1 || view.step[event.lesson] === index) return;
  store.update((old) => ({ ...old, step: { ...old.step, [event.lesson]: index }, scroll: undefined }));
}

function concerned(event: LabEvent): string | undefined {
  if (event.type === 'machine' && event.state === 'starting') return event.machine;
  if (event.type === 'action' && event.status === 'started' && event.on !== 'host') return event.on;
  return undefined;
}
