import { type Binding, type KeyContext, noDialog } from './binding.js';

const exploring = (context: KeyContext) => noDialog(context) && context.view.screen === 'explore';
const chosen = ({ lab, view }: KeyContext) => lab.machines.find(({ name }) => name === view.machine);
const isOn = (context: KeyContext) => ['running', 'paused', 'starting'].includes(chosen(context)?.state ?? '');
const exists = (context: KeyContext) => (chosen(context)?.state ?? 'not_created') !== 'not_created';
const anyExists = ({ lab }: KeyContext) => lab.machines.some(({ state }) => state !== 'not_created');
const runningCount = ({ lab }: KeyContext) => lab.machines.filter(({ state }) => state === 'running').length;
const unplugged = ({ view }: KeyContext) => view.explore?.unplugged.includes(view.machine ?? '') === true;

const base = { group: 'Explore' } as const;

/** What can be done with the machine that is chosen. */
export const exploreKeys: readonly Binding[] = [
  {
    ...base,
    id: 'explore-up',
    keys: ['u'],
    meaning: 'start it',
    when: (context) => exploring(context) && !isOn(context),
    run: (actions) => actions.power('up'),
    hint: 3,
  },
  {
    ...base,
    id: 'explore-shell',
    keys: ['s', 'enter'],
    meaning: 'shell over ssh',
    when: (context) => exploring(context) && isOn(context),
    run: (actions) => actions.shell(),
    hint: 3,
  },
  {
    ...base,
    id: 'explore-console',
    keys: ['c'],
    meaning: 'type on its console',
    when: (context) => exploring(context) && isOn(context),
    run: (actions) => actions.attachConsole(),
    hint: 5,
  },
  {
    ...base,
    id: 'explore-exec',
    keys: ['x'],
    meaning: 'run a command on it',
    when: (context) => exploring(context) && isOn(context),
    run: (actions) => actions.askCommand(false),
    hint: 4,
  },
  {
    ...base,
    id: 'explore-exec-all',
    keys: ['X'],
    meaning: 'run a command on every running machine',
    when: (context) => exploring(context) && runningCount(context) > 0,
    run: (actions) => actions.askCommand(true),
  },
  {
    ...base,
    id: 'explore-halt',
    keys: ['h'],
    meaning: 'shut it down',
    when: (context) => exploring(context) && isOn(context),
    run: (actions) => actions.power('halt'),
  },
  {
    ...base,
    id: 'explore-reload',
    keys: ['r'],
    meaning: 'restart it',
    when: (context) => exploring(context) && isOn(context),
    run: (actions) => actions.power('reload'),
  },
  {
    ...base,
    id: 'explore-poweroff',
    keys: ['P'],
    meaning: 'cut its power',
    when: (context) => exploring(context) && isOn(context),
    run: (actions) => actions.askPower('poweroff'),
  },
  {
    ...base,
    id: 'explore-destroy',
    keys: ['D'],
    meaning: 'destroy it and its disk',
    when: (context) => exploring(context) && exists(context),
    run: (actions) => actions.askPower('destroy'),
  },
  {
    ...base,
    id: 'explore-add',
    keys: ['a'],
    meaning: 'add a machine to the lab',
    when: exploring,
    run: (actions) => actions.addMachine(),
  },
  {
    ...base,
    id: 'explore-remove',
    keys: ['A'],
    meaning: 'remove it from the lab',
    when: (context) => exploring(context) && chosen(context)?.added === true,
    run: (actions) => actions.askPower('remove'),
  },
  {
    ...base,
    id: 'explore-link',
    keys: ['i'],
    meaning: (context) => (unplugged(context) ? 'plug its network cable in' : 'pull its network cable'),
    when: (context) => exploring(context) && isOn(context) && context.capabilities.linkControl,
    run: (actions) => actions.toggleLink(),
  },
  {
    ...base,
    id: 'explore-screenshot',
    keys: ['o'],
    meaning: 'take a picture of its screen',
    when: (context) => exploring(context) && isOn(context) && context.capabilities.screenshot,
    run: (actions) => actions.screenshot(),
  },
  {
    ...base,
    id: 'explore-save',
    keys: ['v'],
    meaning: 'save all machines',
    when: (context) => exploring(context) && anyExists(context),
    run: (actions) => actions.askSavepoint(),
  },
  {
    ...base,
    id: 'explore-savepoints',
    keys: ['b'],
    meaning: 'bring a savepoint back',
    when: (context) => exploring(context) && (context.view.savepoints?.length ?? 0) > 0,
    run: (actions) => actions.chooseSavepoint(),
  },
  {
    ...base,
    id: 'explore-choose',
    keys: ['up', 'down', 'k', 'j'],
    label: '↑ ↓',
    meaning: 'choose a machine',
    when: (context) => exploring(context) && ['lesson', 'machines', 'cluster', 'updates'].includes(context.view.pane),
    run: (actions, _context, key) => actions.selectMachine(key === 'up' || key === 'k' ? -1 : 1),
    hint: 2,
    busy: true,
  },
  {
    ...base,
    id: 'explore-leave',
    keys: ['esc'],
    meaning: 'back',
    when: (context) => exploring(context) && context.view.zoom === 'normal' && context.view.pane === 'lesson',
    run: (actions) => actions.back(),
  },
];
