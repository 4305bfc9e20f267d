import { type Binding, inLesson, type KeyContext, noDialog, withPanes } from './binding.js';

const idle = ({ view }: KeyContext) => view.busy === undefined;
const failed = ({ stepView, view }: KeyContext) => stepView?.status === 'failed' && !view.cardHidden;
const onHome = (context: KeyContext) => noDialog(context) && context.view.screen === 'home';
const onScreen = (screen: string) => (context: KeyContext) => noDialog(context) && context.view.screen === screen;

export const generalKeys: readonly Binding[] = [
  {
    id: 'cancel',
    keys: ['ctrl+c'],
    meaning: ({ view }) => (view.busy === undefined ? 'quit' : view.busy.cancelling ? 'quit now' : 'cancel'),
    group: 'General',
    when: () => true,
    run: (actions, { view }) => (view.busy === undefined || view.busy.cancelling ? actions.quit() : actions.cancel()),
    busy: true,
  },
  {
    id: 'hide-card',
    keys: ['esc'],
    meaning: 'put the failure card away',
    group: 'General',
    when: (context) => inLesson(context) && idle(context) && context.view.zoom === 'normal' && failed(context),
    run: (actions) => actions.toggleCard(),
  },
  {
    id: 'unzoom',
    keys: ['esc'],
    meaning: 'normal size',
    group: 'Panes',
    when: (context) => withPanes(context) && context.view.zoom !== 'normal',
    run: (actions) => actions.zoom(-1),
    busy: true,
  },
  {
    id: 'to-lesson-pane',
    keys: ['esc'],
    meaning: 'to the first pane',
    group: 'Panes',
    when: (context) =>
      withPanes(context) &&
      context.view.zoom === 'normal' &&
      context.view.pane !== 'lesson' &&
      !(context.view.screen === 'lesson' && idle(context) && failed(context)),
    run: (actions) => actions.focusPane('lesson'),
    busy: true,
  },
  {
    id: 'explore',
    keys: ['e'],
    meaning: 'explore freely',
    group: 'Lab',
    when: (context) => onHome(context) || inLesson(context),
    run: (actions) => actions.explore(),
    hint: 50,
  },
  {
    id: 'shell',
    keys: ['s'],
    meaning: ({ view }) => (view.machine === undefined ? 'shell on a machine' : `shell on ${view.machine}`),
    group: 'Lab',
    when: (context) =>
      inLesson(context) &&
      context.lab.machines.some(({ name, state }) => name === context.view.machine && state === 'running'),
    run: (actions) => actions.shell(),
    hint: 55,
  },
  {
    id: 'copy',
    keys: ['y'],
    meaning: 'copy a command',
    group: 'Lab',
    when: (context) => inLesson(context) && context.canCopy,
    run: (actions) => actions.openCopy(),
  },
  {
    id: 'doctor',
    keys: ['d'],
    meaning: 'doctor',
    group: 'Lab',
    when: (context) => onHome(context) || inLesson(context),
    run: (actions) => actions.doctor(),
  },
  {
    id: 'look-again',
    keys: ['r'],
    meaning: 'look again',
    group: 'Lab',
    when: onScreen('doctor'),
    run: (actions) => actions.lookAgain(),
    hint: 10,
  },
  {
    id: 'footer',
    keys: ['f'],
    meaning: ({ view }) => (view.footer ? 'hide this line of keys' : 'show the line of keys'),
    group: 'General',
    when: inLesson,
    run: (actions) => actions.toggleFooter(),
    busy: true,
  },
  {
    id: 'palette',
    keys: [':'],
    meaning: 'all commands',
    group: 'General',
    when: noDialog,
    run: (actions) => actions.openPalette(),
    hint: 90,
  },
  {
    id: 'help',
    keys: ['?'],
    meaning: 'help',
    group: 'General',
    when: noDialog,
    run: (actions) => actions.openHelp(),
    hint: 1,
    busy: true,
  },
  {
    id: 'back',
    keys: ['q'],
    meaning: ({ view }) => (view.screen === 'home' ? 'quit' : 'back'),
    group: 'General',
    when: noDialog,
    run: (actions) => actions.back(),
    hint: 2,
  },
  {
    id: 'leave-screen',
    keys: ['esc'],
    meaning: 'back',
    group: 'General',
    when: (context) => noDialog(context) && (context.view.screen === 'doctor' || context.view.screen === 'cleanup'),
    run: (actions) => actions.back(),
  },
];

/** Lists of ink-select-input handle their keys themselves; they are here to be shown. */
export const listKeys: readonly Binding[] = [
  {
    id: 'choose',
    keys: ['up', 'down', 'j', 'k'],
    label: '↑ ↓',
    meaning: 'choose',
    group: 'General',
    when: (context) => noDialog(context) && ['home', 'doctor', 'cleanup'].includes(context.view.screen),
    busy: false,
  },
  {
    id: 'open',
    keys: ['enter'],
    meaning: ({ view }) => (view.screen === 'home' ? 'open' : view.screen === 'doctor' ? 'fix' : 'do it'),
    group: 'General',
    when: (context) => noDialog(context) && ['home', 'doctor', 'cleanup'].includes(context.view.screen),
    hint: 5,
  },
  {
    id: 'number',
    keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
    label: '1 … 9',
    meaning: 'choose by number',
    group: 'General',
    when: (context) => noDialog(context) && ['home', 'cleanup'].includes(context.view.screen),
  },
];
