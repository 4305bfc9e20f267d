import { type Binding, inLesson, onLog } from './binding.js';

/** Moving between panes and their size. All of them work while a step runs. */
export const paneKeys: readonly Binding[] = [
  {
    id: 'pane-next',
    keys: ['tab'],
    meaning: 'next pane',
    group: 'Panes',
    when: inLesson,
    run: (actions) => actions.cyclePane(1),
    hint: 30,
    busy: true,
  },
  {
    id: 'pane-previous',
    keys: ['shift+tab'],
    meaning: 'previous pane',
    group: 'Panes',
    when: inLesson,
    run: (actions) => actions.cyclePane(-1),
    busy: true,
  },
  {
    id: 'pane-number',
    keys: ['1', '2', '3', '4', '5'],
    label: '1 … 5',
    meaning: 'lesson, machines, console, output, commands',
    group: 'Panes',
    when: inLesson,
    run: (actions, _context, key) => {
      const panes = ['lesson', 'machines', 'console', 'output', 'commands'] as const;
      const pane = panes[Number(key) - 1];
      if (pane !== undefined) actions.focusPane(pane);
    },
    busy: true,
  },
  {
    id: 'zoom',
    keys: ['z'],
    meaning: ({ view }) => (view.zoom === 'full' ? 'normal size' : 'zoom the pane'),
    group: 'Panes',
    when: (context) => inLesson(context) && context.layout.kind === 'split',
    run: (actions) => actions.zoom('cycle'),
    hint: 35,
    busy: true,
  },
  {
    id: 'larger',
    keys: ['+'],
    meaning: 'larger',
    group: 'Panes',
    when: (context) => inLesson(context) && context.layout.kind === 'split' && context.view.zoom !== 'full',
    run: (actions) => actions.zoom(1),
    busy: true,
  },
  {
    id: 'smaller',
    keys: ['_'],
    meaning: 'smaller',
    group: 'Panes',
    when: (context) => inLesson(context) && context.layout.kind === 'split' && context.view.zoom !== 'normal',
    run: (actions) => actions.zoom(-1),
    busy: true,
  },
  {
    id: 'commands',
    keys: ['@'],
    meaning: ({ view }) => (view.lower === 'commands' ? 'output instead of commands' : 'every command that was run'),
    group: 'Panes',
    when: inLesson,
    run: (actions) => actions.toggleLower(),
    hint: 65,
    busy: true,
  },
  {
    id: 'machine-next',
    keys: [']'],
    meaning: 'console of the next machine',
    group: 'Panes',
    when: inLesson,
    run: (actions) => actions.selectMachine(1),
    busy: true,
  },
  {
    id: 'machine-previous',
    keys: ['['],
    meaning: 'console of the previous machine',
    group: 'Panes',
    when: inLesson,
    run: (actions) => actions.selectMachine(-1),
    busy: true,
  },
  {
    id: 'machine-choose',
    keys: ['up', 'down', 'k', 'j'],
    label: '↑ ↓',
    meaning: 'choose a machine',
    group: 'Panes',
    when: (context) => inLesson(context) && context.view.pane === 'machines',
    run: (actions, _context, key) => actions.selectMachine(key === 'up' || key === 'k' ? -1 : 1),
    busy: true,
  },
];

/** Keys that the log pane with the focus handles itself; they are its own, whatever they mean elsewhere. */
export const logKeys: readonly Binding[] = [
  {
    id: 'log-scroll',
    keys: ['up', 'down', 'k', 'j', 'pgup', 'pgdn', 'home', 'end', 'g'],
    label: '↑ ↓ PgUp PgDn Home',
    meaning: 'scroll; scrolling up pauses',
    group: 'Log panes',
    when: onLog,
    busy: true,
  },
  { id: 'log-tail', keys: ['G'], meaning: 'follow again', group: 'Log panes', when: onLog, hint: 20, busy: true },
  { id: 'log-search', keys: ['/'], meaning: 'search', group: 'Log panes', when: onLog, hint: 22, busy: true },
  { id: 'log-wrap', keys: ['w'], meaning: 'wrap long lines', group: 'Log panes', when: onLog, busy: true },
  { id: 'log-save', keys: ['ctrl+s'], meaning: 'save to a file', group: 'Log panes', when: onLog, busy: true },
  { id: 'log-copy', keys: ['y'], meaning: 'copy what is shown', group: 'Log panes', when: onLog, busy: true },
];
