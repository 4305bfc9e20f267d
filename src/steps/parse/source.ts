import type { LintFault, Position } from '../lesson.js';

/** Bigger files are not read: a lesson is something that people read. Characters. */
export const MAX_LENGTH = 512 * 1024;

/** Receives faults; `offset` counts in the normalised text. */
export type Report = (
  offset: number,
  fault: Omit<LintFault, keyof Position | 'severity'>,
  severity?: 'warning',
) => void;

/** What terminals act on instead of showing it: C0 and C1 controls, and marks that reorder text (so that code hides). */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/**
 * Text of a lesson with a way from offsets to lines and columns. The byte order mark is gone and line ends are `\n`, which
 * changes no line number and no column.
 */
export class Source {
  readonly text: string;
  /** Offset of the first control character, -1 = none. In `text` all are replaced, so that none reaches a terminal. */
  readonly control: number;
  readonly #starts: number[] = [0];

  constructor(
    text: string,
    readonly file: string,
  ) {
    const unified = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
    this.control = unified.search(CONTROL);
    this.text = this.control === -1 ? unified : unified.replace(new RegExp(CONTROL, 'g'), '\uFFFD');
    for (let at = this.text.indexOf('\n'); at !== -1; at = this.text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** Place of an offset; beyond the end it is the end. */
  at(offset: number): Position {
    const wanted = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= wanted) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, column: wanted - (this.#starts[low] as number) + 1 };
  }

  /** Offset of the first of more than `limit` lines without an empty one among them; undefined when there is none. */
  longBlock(limit: number): number | undefined {
    let first = 0;
    for (let line = 1; line < this.#starts.length; line++) {
      const start = this.#starts[line] as number;
      if (this.text[start] === '\n') first = line + 1;
      else if (line - first >= limit) return this.#starts[first] as number;
    }
    return undefined;
  }

  /** Offset of a place that `at` gave. */
  offsetOf({ line, column }: Position): number {
    return (this.#starts[line - 1] ?? this.text.length) + column - 1;
  }
}

/** Faults of the file as a whole: what no text editor wrote, and what is too big. */
export function checkText(source: Source, report: Report): void {
  if (source.control !== -1) {
    report(source.control, {
      rule: 'control-character',
      message: 'There is an invisible control character here',
      suggestion: 'remove it; in a script write an escape such as \\033 instead',
    });
  }
  const invalid = source.text.indexOf('\uFFFD');
  if (invalid !== -1 && invalid !== source.control) {
    report(invalid, {
      rule: 'encoding',
      message: 'This is not valid UTF-8',
      suggestion: 'save the file in the encoding UTF-8',
    });
  }
}
