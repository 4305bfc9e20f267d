/**
 * Every colour and glyph of the screen, by meaning. Only the terminal's own sixteen colours are used, so that dark and light
 * schemes both stay readable; a state never depends on colour alone.
 */
export type Tone =
  | 'plain'
  | 'strong'
  | 'dim'
  | 'accent'
  | 'ok'
  | 'warn'
  | 'bad'
  | 'code'
  | 'heading'
  | 'selected'
  | 'em'
  /** A match of a search, and the one that was jumped to. */
  | 'match'
  | 'found';

const SGR: Record<Tone, readonly [open: string, close: string, colour: boolean][]> = {
  plain: [],
  strong: [['1', '22', false]],
  dim: [['2', '22', false]],
  em: [['3', '23', false]],
  accent: [['36', '39', true]],
  ok: [['32', '39', true]],
  warn: [['33', '39', true]],
  bad: [['31', '39', true]],
  code: [['36', '39', true]],
  heading: [
    ['1', '22', false],
    ['36', '39', true],
  ],
  selected: [
    ['1', '22', false],
    ['36', '39', true],
  ],
  match: [['4', '24', false]],
  found: [['7', '27', false]],
};

export interface Theme {
  color: boolean;
  /** Text in a tone; nested tones of other kinds survive. */
  paint(tone: Tone, text: string): string;
  /** Names that Ink's components understand; undefined = the terminal's own. */
  border: { calm: string | undefined; focused: string | undefined; bad: string | undefined; dim: boolean };
}

export function createTheme(color: boolean): Theme {
  return {
    color,
    paint(tone, text) {
      if (text === '') return '';
      let painted = text;
      for (const [open, close, isColour] of SGR[tone]) {
        if (isColour && !color) continue;
        painted = `\u001B[${open}m${painted}\u001B[${close}m`;
      }
      return painted;
    },
    border: {
      calm: undefined,
      focused: color ? 'cyan' : undefined,
      bad: color ? 'red' : undefined,
      dim: true,
    },
  };
}

/** Width-1 glyphs; `toAscii` maps them where the locale has no UTF-8. */
export const glyph = {
  ok: '✓',
  bad: '✗',
  skip: '−',
  todo: '○',
  now: '▸',
  on: '●',
  half: '◐',
  off: '○',
  pause: '‖',
  warn: '!',
  cursor: '▸',
  arrow: '›',
  dot: '·',
  full: '━',
  empty: '─',
  rule: '─',
} as const;

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;

/** The spinner's frame at a time: one clock for all of them, so they turn together. */
export function spinner(now: number): string {
  return SPINNER[Math.floor(now / 200) % SPINNER.length] as string;
}

/** The one border style. */
export const border = {
  topLeft: '┌',
  top: '─',
  topRight: '┐',
  right: '│',
  bottomRight: '┘',
  bottom: '─',
  bottomLeft: '└',
  left: '│',
} as const;
