import { type Binding, inLesson, type KeyContext } from './binding.js';

const hasActions = ({ step }: KeyContext) => (step?.actions.length ?? 0) > 0;
const hasChecks = ({ step }: KeyContext) => step?.actions.some(({ check }) => check) === true;
const status = ({ stepView }: KeyContext) => stepView?.status;
const begun = (context: KeyContext) => status(context) !== undefined && status(context) !== 'skipped';
const hasNext = ({ lesson, index }: KeyContext) => lesson !== undefined && index < lesson.steps.length - 1;
const done = (context: KeyContext) => status(context) === 'passed' || status(context) === 'skipped';

/** Running steps and moving between them. */
export const lessonKeys: readonly Binding[] = [
  {
    id: 'run',
    keys: ['enter', 'ctrl+e'],
    meaning: (context) => (begun(context) ? 'run again' : 'run the step'),
    group: 'Steps',
    when: (context) => inLesson(context) && hasActions(context),
    run: (actions) => actions.runStep(),
    hint: 10,
  },
  {
    id: 'next',
    keys: ['n', 'right'],
    meaning: 'next step',
    group: 'Steps',
    when: (context) => inLesson(context) && hasNext(context),
    run: (actions) => actions.nextStep(),
    hint: 5,
  },
  {
    id: 'previous',
    keys: ['p', 'left'],
    meaning: 'previous step',
    group: 'Steps',
    when: (context) => inLesson(context) && context.index > 0,
    run: (actions) => actions.previousStep(),
  },
  {
    id: 'rerun',
    keys: ['r'],
    meaning: 'rerun the step',
    group: 'Steps',
    when: (context) => inLesson(context) && hasActions(context) && begun(context),
    run: (actions) => actions.runStep(),
    hint: 3,
  },
  {
    id: 'skip',
    keys: ['S'],
    meaning: 'skip the step',
    group: 'Steps',
    when: (context) => inLesson(context) && hasActions(context) && !done(context),
    run: (actions) => actions.skipStep(),
    hint: 60,
  },
  {
    id: 'run-from',
    keys: ['R'],
    meaning: 'run from here to the end',
    group: 'Steps',
    when: inLesson,
    run: (actions) => actions.runFrom(),
  },
  {
    id: 'check',
    keys: ['c'],
    meaning: 'check only',
    group: 'Steps',
    when: (context) => inLesson(context) && hasChecks(context),
    run: (actions) => actions.checkStep(),
  },
  {
    id: 'steps',
    keys: ['l', 'ctrl+p'],
    meaning: 'list of steps',
    group: 'Steps',
    when: inLesson,
    run: (actions) => actions.openSteps(),
    hint: 70,
  },
  {
    id: 'first',
    keys: ['g'],
    meaning: 'first step',
    group: 'Steps',
    when: (context) => inLesson(context) && context.index > 0,
    run: (actions) => actions.goToStep(0),
  },
  {
    id: 'last',
    keys: ['G'],
    meaning: 'last step',
    group: 'Steps',
    when: (context) => inLesson(context) && hasNext(context),
    run: (actions) => actions.goToStep(-1),
  },
  {
    id: 'unfinished',
    keys: ['u'],
    meaning: 'first step that is not done',
    group: 'Steps',
    when: inLesson,
    run: (actions) => actions.goToUnfinished(),
  },
  {
    id: 'hint',
    keys: ['h'],
    meaning: 'hint',
    group: 'Reading',
    when: (context) => inLesson(context) && (context.step?.hints.length ?? 0) > 0,
    run: (actions) => actions.openHint(),
    hint: 40,
    busy: true,
  },
  {
    id: 'notes',
    keys: ['N'],
    meaning: 'speaker notes',
    group: 'Reading',
    when: (context) => inLesson(context) && (context.step?.notes.length ?? 0) > 0,
    run: (actions) => actions.openNotes(),
    busy: true,
  },
  {
    id: 'native',
    keys: ['v'],
    meaning: ({ view }) => `${view.native ? 'hide' : 'show'} the hypervisor's command lines`,
    group: 'Reading',
    when: inLesson,
    run: (actions) => actions.toggleNative(),
    busy: true,
  },
  {
    id: 'page-next',
    keys: ['space', 'pgdn'],
    meaning: ({ more }) => (more ? 'read on' : 'next step'),
    group: 'Reading',
    when: (context) => inLesson(context) && context.view.pane === 'lesson',
    run: (actions) => actions.pageOrNext(),
    busy: true,
  },
  {
    id: 'page-previous',
    keys: ['pgup'],
    meaning: 'page up, then previous step',
    group: 'Reading',
    when: (context) => inLesson(context) && context.view.pane === 'lesson',
    run: (actions) => actions.pageOrPrevious(),
    busy: true,
  },
  {
    id: 'scroll',
    keys: ['up', 'down', 'k', 'j', 'home', 'end'],
    label: '↑ ↓ Home End',
    meaning: 'scroll the lesson',
    group: 'Reading',
    when: (context) => inLesson(context) && context.view.pane === 'lesson',
    run: (actions, _context, key) => {
      if (key === 'home') actions.scroll(-1, 'end');
      else if (key === 'end') actions.scroll(1, 'end');
      else actions.scroll(key === 'up' || key === 'k' ? -1 : 1, 'line');
    },
    busy: true,
  },
  {
    id: 'timer',
    keys: ['t'],
    meaning: ({ view }) => (view.timer.runningSince === undefined ? 'start the timer' : 'pause the timer'),
    group: 'Reading',
    when: inLesson,
    run: (actions) => actions.toggleTimer(),
    busy: true,
  },
];
