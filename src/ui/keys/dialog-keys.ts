import { type Binding, isDialog } from './binding.js';

const readers = isDialog('help', 'hint', 'notes');
const lists = isDialog('steps', 'copy', 'quit');
const asks = isDialog('trust');
const yesNo = (context: Parameters<typeof asks>[0]) =>
  asks(context) || (context.view.dialog?.kind === 'confirm' && context.view.dialog.word === undefined);
const typing = (context: Parameters<typeof asks>[0]) =>
  context.view.dialog?.kind === 'confirm' && context.view.dialog.word !== undefined;

/** While a dialog is open only its own keys work. */
export const dialogKeys: readonly Binding[] = [
  {
    id: 'close',
    keys: ['esc', 'q'],
    meaning: 'close',
    group: 'Dialog',
    when: (context) => readers(context) || lists(context),
    run: (actions) => actions.closeDialog(),
    hint: 2,
    busy: true,
  },
  {
    id: 'close-same',
    keys: ['?'],
    meaning: 'close',
    group: 'Dialog',
    when: isDialog('help'),
    run: (actions) => actions.closeDialog(),
    busy: true,
  },
  {
    id: 'close-hint',
    keys: ['h'],
    meaning: 'close',
    group: 'Dialog',
    when: isDialog('hint'),
    run: (actions) => actions.closeDialog(),
    busy: true,
  },
  {
    id: 'close-notes',
    keys: ['N'],
    meaning: 'close',
    group: 'Dialog',
    when: isDialog('notes'),
    run: (actions) => actions.closeDialog(),
    busy: true,
  },
  {
    id: 'dialog-scroll',
    keys: ['up', 'down', 'k', 'j'],
    label: '↑ ↓',
    meaning: 'scroll',
    group: 'Dialog',
    when: readers,
    run: (actions, _context, key) => actions.scroll(key === 'up' || key === 'k' ? -1 : 1, 'line'),
    hint: 1,
    busy: true,
  },
  {
    id: 'dialog-page',
    keys: ['pgup', 'pgdn', 'space', 'home', 'end'],
    label: 'PgUp PgDn',
    meaning: 'page',
    group: 'Dialog',
    when: readers,
    run: (actions, _context, key) => {
      if (key === 'home' || key === 'end') actions.scroll(key === 'home' ? -1 : 1, 'end');
      else actions.scroll(key === 'pgup' ? -1 : 1, 'page');
    },
    busy: true,
  },
  {
    id: 'list-choose',
    keys: ['up', 'down', 'j', 'k'],
    label: '↑ ↓',
    meaning: 'choose',
    group: 'Dialog',
    when: lists,
    hint: 1,
  },
  { id: 'list-take', keys: ['enter'], meaning: 'take it', group: 'Dialog', when: lists, hint: 1 },
  {
    id: 'yes',
    keys: ['y'],
    meaning: 'yes',
    group: 'Dialog',
    when: yesNo,
    run: (actions) => actions.answer(true),
    hint: 1,
  },
  {
    id: 'no',
    keys: ['n', 'esc', 'q'],
    meaning: 'no',
    group: 'Dialog',
    when: yesNo,
    run: (actions) => actions.answer(false),
    hint: 2,
  },
  {
    id: 'confirm',
    keys: ['enter'],
    meaning: 'confirm',
    group: 'Dialog',
    when: typing,
    run: (actions) => actions.answer(true),
    hint: 1,
  },
  {
    id: 'confirm-no',
    keys: ['esc'],
    meaning: 'no',
    group: 'Dialog',
    when: typing,
    run: (actions) => actions.answer(false),
    hint: 2,
  },
  {
    id: 'palette-move',
    keys: ['up', 'down'],
    label: '↑ ↓',
    meaning: 'choose',
    group: 'Dialog',
    when: isDialog('palette'),
    run: (actions, _context, key) => actions.movePalette(key === 'up' ? -1 : 1),
    hint: 1,
  },
  {
    id: 'palette-take',
    keys: ['enter'],
    meaning: 'do it',
    group: 'Dialog',
    when: isDialog('palette'),
    run: (actions) => actions.choosePalette(),
    hint: 1,
  },
  {
    id: 'palette-close',
    keys: ['esc'],
    meaning: 'close',
    group: 'Dialog',
    when: isDialog('palette'),
    run: (actions) => actions.closeDialog(),
    hint: 2,
  },
];
