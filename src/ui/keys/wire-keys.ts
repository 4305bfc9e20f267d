import { type Binding, onWire } from './binding.js';

const base = { group: 'Wire', when: onWire, busy: true } as const;

/** The wire pane with the focus keeps these keys for itself. */
export const wireKeys: readonly Binding[] = [
  {
    ...base,
    id: 'wire-choose',
    keys: ['up', 'down', 'k', 'j'],
    label: '↑ ↓',
    meaning: 'choose a line',
    run: (actions, _context, key) => actions.selectLine(key === 'up' || key === 'k' ? -1 : 1),
  },
  {
    ...base,
    id: 'wire-bytes',
    keys: ['x', 'enter'],
    meaning: 'its bytes, decoded',
    run: (actions) => actions.openFrame(),
    hint: 0.5,
  },
  {
    ...base,
    id: 'wire-machine',
    keys: ['m'],
    meaning: ({ view }) => (view.wire.machine === undefined ? 'one machine' : 'next machine'),
    run: (actions) => actions.filterMachine(),
    hint: 1,
  },
  {
    ...base,
    id: 'wire-protocol',
    keys: ['p'],
    meaning: 'next protocol',
    run: (actions) => actions.filterProtocol(),
    hint: 1.5,
  },
  {
    ...base,
    id: 'wire-sequence',
    keys: ['v'],
    meaning: ({ view }) => (view.wire.sequence ? 'as a list again' : 'one machine as a sequence'),
    run: (actions) => actions.toggleSequence(),
    hint: 4,
  },
  {
    ...base,
    id: 'wire-save',
    keys: ['P'],
    meaning: 'save as a capture for Wireshark',
    run: (actions) => actions.saveWire(),
  },
];
