import type { Key } from 'ink';

const CONTROL: Record<string, string> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  ' ': 'space',
  '\u001B': 'esc',
  '\u007F': 'backspace',
  '\b': 'backspace',
  '\u0003': 'ctrl+c',
};

const NAMED: readonly [keyof Key, string][] = [
  ['return', 'enter'],
  ['escape', 'esc'],
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pgup'],
  ['pageDown', 'pgdn'],
  ['home', 'home'],
  ['end', 'end'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
];

/**
 * The keys of one input of Ink, in order: `enter`, `ctrl+c`, `shift+tab`, `n` … One input may carry several characters, when
 * someone types fast or a terminal without bracketed paste pastes; each becomes a key of its own.
 */
export function keyNames(input: string, key: Key): string[] {
  if (key.eventType === 'release') return [];
  if (key.tab) return [key.shift ? 'shift+tab' : 'tab'];
  for (const [property, name] of NAMED) if (key[property] === true) return [name];
  if (key.ctrl) return input === '' ? [] : [`ctrl+${input === ' ' ? 'space' : input.toLowerCase()}`];
  if (key.meta) return [];
  return [...input].flatMap((character) => {
    const name = CONTROL[character];
    if (name !== undefined) return [name];
    return character < ' ' ? [] : [character];
  });
}

/** The character that a key types into a text field, if it types one. */
export function typed(key: string): string | undefined {
  if (key === 'space') return ' ';
  return [...key].length === 1 ? key : undefined;
}

const LABEL: Record<string, string> = {
  space: 'space',
  pgup: 'PgUp',
  pgdn: 'PgDn',
  home: 'Home',
  end: 'End',
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  'ctrl+c': 'Ctrl+C',
  'ctrl+e': 'Ctrl+E',
  'ctrl+p': 'Ctrl+P',
  'ctrl+s': 'Ctrl+S',
  'shift+tab': 'Shift+Tab',
};

/** How a key is written in footer and help. */
export function keyLabel(key: string): string {
  return LABEL[key] ?? key;
}
