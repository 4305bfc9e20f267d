import type { Lesson, Step } from '../../steps/lesson.js';
import type { StepOutcome } from '../../steps/workshop.js';
import type { Actions } from '../keys/actions.js';
import { stepKey } from '../state/lab-state.js';
import { type Message, showLesson, showStep, startTimer } from '../state/view.js';
import { type Parts, type Place, place } from './parts.js';
import type { Work } from './work.js';

type StepActions = Pick<
  Actions,
  | 'runStep'
  | 'runFrom'
  | 'checkStep'
  | 'skipStep'
  | 'cancel'
  | 'nextStep'
  | 'previousStep'
  | 'goToStep'
  | 'goToUnfinished'
  | 'openLesson'
> & { trusted(lesson: string, step: string, goal: 'run' | 'check' | 'from'): Promise<void> };

export function stepActions(parts: Parts, work: Work): StepActions {
  const { options, store } = parts;
  const { workshop } = options;

  const needsTrust = (lesson: Lesson, steps: readonly Step[]) =>
    !lesson.trusted && steps.some(({ actions }) => actions.some(({ on }) => on === 'host'));

  const begin = (goal: 'run' | 'check' | 'from') => {
    const at = place(parts);
    if (at === undefined || work.running) return;
    const { lesson, step, index } = at;
    const steps = goal === 'from' ? lesson.steps.slice(index) : [step];
    if (needsTrust(lesson, steps)) {
      store.update((view) => ({ ...view, dialog: { kind: 'trust', lesson: lesson.id, step: step.id, goal } }));
      return;
    }
    void go(lesson, step, goal);
  };

  const go = async (lesson: Lesson, step: Step, goal: 'run' | 'check' | 'from') => {
    const label = goal === 'check' ? `Checking ${step.title}` : `Running ${step.title}`;
    store.update((view, now) => ({
      ...view,
      scroll: undefined,
      cardHidden: false,
      timer: startTimer({ ...view.timer, lesson: lesson.id }, now),
    }));
    await work.run(label, 'step', async (signal) => {
      const call = goal === 'check' ? workshop.checkStep : goal === 'from' ? workshop.runFrom : workshop.runStep;
      const outcome = await call.call(workshop, lesson.id, step.id, { signal });
      return outcomeMessage(outcome, goal, place(parts));
    });
  };

  const goTo = (index: number) => {
    const at = place(parts);
    if (at === undefined) return;
    const last = at.lesson.steps.length - 1;
    store.update((view) => showStep(view, Math.max(0, Math.min(last, index < 0 ? last + 1 + index : index))));
  };

  /** The first step that is not done; -1 when all are. */
  const unfinished = (lesson: Lesson) =>
    lesson.steps.findIndex(({ id }) => {
      const status = store.lab.steps[stepKey(lesson.id, id)]?.status;
      return status !== 'passed' && status !== 'skipped';
    });

  return {
    runStep: () => begin('run'),
    runFrom: () => begin('from'),
    checkStep: () => begin('check'),
    async trusted(lessonId, stepId, goal) {
      const lesson = workshop.lessons.find(({ id }) => id === lessonId);
      const step = lesson?.steps.find(({ id }) => id === stepId);
      if (lesson === undefined || step === undefined) return;
      await workshop.trust(lesson.id);
      await go(lesson, step, goal);
    },
    skipStep() {
      const at = place(parts);
      if (at === undefined) return;
      void work.quietly(async () => {
        await workshop.skipStep(at.lesson.id, at.step.id);
        return { text: 'Step skipped. Press n for the next one.', tone: 'plain' };
      });
    },
    cancel: () => work.cancel(),
    nextStep() {
      const at = place(parts);
      if (at !== undefined) goTo(Math.min(at.index + 1, at.lesson.steps.length - 1));
    },
    previousStep() {
      const at = place(parts);
      if (at !== undefined) goTo(Math.max(0, at.index - 1));
    },
    goToStep: goTo,
    goToUnfinished() {
      const at = place(parts);
      if (at === undefined) return;
      const index = unfinished(at.lesson);
      if (index !== -1) goTo(index);
      else store.update((view) => ({ ...view, message: { text: 'Every step of this lesson is done.', tone: 'ok' } }));
    },
    openLesson(id) {
      const lesson = workshop.lessons.find((each) => each.id === id);
      // Where this session left it, else where an earlier one did.
      store.update((view) => showLesson(view, id, view.step[id] ?? Math.max(0, lesson ? unfinished(lesson) : 0)));
    },
  };
}

function outcomeMessage(outcome: StepOutcome, goal: 'run' | 'check' | 'from', at: Place | undefined): Message {
  const last = at !== undefined && at.index === at.lesson.steps.length - 1;
  const hint = (at?.step.hints.length ?? 0) > 0 ? ', h for a hint' : '';
  switch (outcome) {
    case 'passed':
      if (last) return { text: 'Step done. It was the last one: press q for the other lessons.', tone: 'ok' };
      if (goal === 'check') return { text: 'Every check passed. Press n for the next step.', tone: 'ok' };
      return { text: 'Step done. Press n for the next one.', tone: 'ok' };
    case 'failed':
      return { text: `Step failed. Press r to run it again${hint}.`, tone: 'bad' };
    case 'cancelled':
      return { text: 'Step cancelled. Press r to run it again.', tone: 'warn' };
    case 'skipped':
      return { text: 'Nothing to do here. Press n for the next step.', tone: 'plain' };
  }
}
