import type { IBufferCell, IBufferLine } from '@xterm/headless';

/** Marks and format characters that reorder or hide text have no place in a line that is drawn among others. */
const HIDDEN = /[\p{Cc}\p{Cf}]/gu;

/**
 * A row of the emulated terminal as text with styles: the sixteen colours of the real terminal, bold, dim, underline, inverse.
 * Backgrounds of black and texts of black are left out, since they vanish in one scheme or the other; black on white, with
 * which SeaBIOS leaves the terminal to all that come after it, is plain text.
 */
export function styledLine(line: IBufferLine, color: boolean): string {
  const length = line.translateToString(true).length === 0 ? 0 : line.length;
  let result = '';
  let open = '';
  let blanks = '';
  let cell: IBufferCell | undefined;
  for (let column = 0; column < length; column++) {
    cell = line.getCell(column, cell);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const style = styleOf(cell, color);
    const text = cell.getChars().replace(HIDDEN, '') || ' ';
    // Blanks at the end are not drawn.
    if (text === ' ' && style === '') {
      blanks += ' ';
      continue;
    }
    result += change(open, blanks === '' ? open : '') + blanks;
    result += change(blanks === '' ? open : '', style) + text;
    blanks = '';
    open = style;
  }
  return result + change(open, '');
}

function change(from: string, to: string): string {
  if (from === to) return '';
  return (from === '' ? '' : '\u001B[0m') + (to === '' ? '' : `\u001B[${to}m`);
}

function styleOf(cell: IBufferCell, color: boolean): string {
  if (cell.isAttributeDefault()) return '';
  const codes: number[] = [];
  if (cell.isBold()) codes.push(1);
  if (cell.isDim()) codes.push(2);
  if (cell.isUnderline()) codes.push(4);
  if (cell.isInverse()) codes.push(7);
  if (color) {
    const fg = cell.isFgPalette() ? cell.getFgColor() : -1;
    const bg = cell.isBgPalette() ? cell.getBgColor() : -1;
    if (bg > 0 && bg < 16 && !(bg === 7 && fg <= 0)) {
      codes.push(bg < 8 ? 40 + bg : 92 + bg);
      if (fg >= 0 && fg < 16) codes.push(fg < 8 ? 30 + fg : 82 + fg);
    } else if (fg > 0 && fg < 16 && fg !== 7 && fg !== 15) codes.push(fg < 8 ? 30 + fg : 82 + fg);
  }
  return codes.join(';');
}
