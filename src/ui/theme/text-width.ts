import measure from 'string-width';
import stripAnsi from 'strip-ansi';

/** Letters, frames, arrows and marks that take one cell each: nearly all that the screen shows. */
const ONE_CELL_EACH = /^[ -~\u00b7\u2013\u2014\u2018-\u201d\u2026\u2190-\u21ff\u2500-\u25fc\u2713\u2717]*$/;
const KEPT = 4096;
const widths = new Map<string, number>();

/**
 * string-width with a memory: Ink asks for the width of every line and of every character of it anew in each frame, and most of them
 * are those of the frame before. The bundle puts it in the place of string-width for everybody (scripts/bundle.js).
 */
export default function textWidth(text: string, options?: Parameters<typeof measure>[1]): number {
  if (options?.ambiguousIsNarrow !== false && ONE_CELL_EACH.test(text)) return text.length;
  if (options !== undefined) return measure(text, options);
  let width = widths.get(text);
  if (width === undefined) {
    if (widths.size >= KEPT) widths.clear();
    const plain = stripAnsi(text);
    width = ONE_CELL_EACH.test(plain) ? plain.length : measure(plain);
    widths.set(text, width);
  }
  return width;
}
