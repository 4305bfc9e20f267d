import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

const PLAIN = /^[\x20-\x7E]*$/;

/** Columns that text takes, escape sequences not counted. */
export function width(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** Cut to at most `columns`, with … where something is missing. */
export function clip(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (width(text) <= columns) return text;
  return `${sliceAnsi(text, 0, columns - 1)}…`;
}

/** Cut or filled to exactly `columns`. */
export function pad(text: string, columns: number): string {
  const fitted = clip(text, columns);
  return fitted + ' '.repeat(Math.max(0, columns - width(fitted)));
}

/** Left and right text on one line of exactly `columns`; the left one gives way. */
export function spread(left: string, right: string, columns: number): string {
  const room = columns - width(right);
  if (right === '' || room < 2) return pad(left, columns);
  return `${pad(left, room - 1)} ${right}`;
}

/** Lines of at most `columns`; words longer than that are cut. */
export function wrap(text: string, columns: number): string[] {
  if (columns <= 0) return [];
  return text.split('\n').flatMap((line) =>
    width(line) <= columns
      ? [line]
      : wrapAnsi(line, columns, { hard: true, trim: true })
          .split('\n')
          .map((part) => part.trimEnd()),
  );
}

/** Wraps with a first-line prefix and a hanging indent of the same width. */
export function hang(prefix: string, text: string, columns: number): string[] {
  const indent = width(prefix);
  return wrap(text, Math.max(8, columns - indent)).map((line, index) =>
    clip((index === 0 ? prefix : ' '.repeat(indent)) + line, columns),
  );
}

/** Characters whose width terminals do not agree on, or that turn the direction of text: nothing of them is seen by itself. */
const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}]|\p{Variation_Selector}/gu;
/** Private use, unassigned and halves of surrogate pairs. */
const UNKNOWN = /[\p{Co}\p{Cn}\p{Cs}]/gu;

/** Text of a guest or a file without anything that could steer the terminal or take more or fewer columns than counted. */
export function plain(text: string): string {
  if (PLAIN.test(text)) return text;
  return text
    .replace(/\u001B(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[ -/]*[0-~])/g, '')
    .replace(/\t/g, '    ')
    .replace(/[\0-\x09\x0B-\x1F\x7F-\x9F]/g, '')
    .replace(UNSEEN, '')
    .replace(UNKNOWN, '\uFFFD');
}
