import type { Token, Tokens } from 'marked';
import { clip, width as columnsOf, pad, wrap } from '../theme/text.js';
import type { Theme } from '../theme/theme.js';

const GAP = '  ';

/** A table without a frame: bold heads, a rule, cells wrapped so that the whole fits. */
export function tableLines(
  token: Tokens.Table,
  width: number,
  theme: Theme,
  inline: (tokens: Token[] | undefined) => string,
): string[] {
  const head = token.header.map((cell) => theme.paint('strong', inline(cell.tokens)));
  const rows = token.rows.map((row) => row.map((cell) => inline(cell.tokens)));
  const natural = head.map((cell, index) =>
    Math.max(columnsOf(cell), ...rows.map((row) => columnsOf(row[index] ?? ''))),
  );
  const widths = shrink(natural, width - GAP.length * (head.length - 1));
  const rule = theme.paint('dim', widths.map((columns) => '─'.repeat(columns)).join(GAP));
  const lines = [...line(head, widths), rule, ...rows.flatMap((row) => line(row, widths))];
  return lines.map((text) => clip(text, width));
}

function line(cells: readonly string[], widths: readonly number[]): string[] {
  const wrapped = widths.map((columns, index) => wrap(cells[index] ?? '', columns));
  const height = Math.max(...wrapped.map(({ length }) => length));
  return Array.from({ length: height }, (_, y) =>
    widths
      .map((columns, x) => pad(wrapped[x]?.[y] ?? '', columns))
      .join(GAP)
      .trimEnd(),
  );
}

/** Takes from the widest column until the sum fits; no column below six. */
function shrink(natural: readonly number[], total: number): number[] {
  const widths = [...natural];
  let sum = widths.reduce((a, b) => a + b, 0);
  while (sum > total) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] as number) <= 6) break;
    widths[widest] = (widths[widest] as number) - 1;
    sum--;
  }
  return widths;
}
