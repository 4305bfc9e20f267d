import { plain } from '../theme/text.js';
import type { LogSource } from './log-source.js';

const LIMIT = 5000;
/** Longer lines are cut: nobody reads them on a screen, and the whole is in the file. */
const LONGEST = 2000;

/** Printed text as lines, the last few thousand of them. A lone carriage return begins its line anew, as on a terminal. */
export class LogBuffer implements LogSource {
  #lines: string[] = [];
  #dropped = 0;
  #open = '';

  constructor(private readonly limit = LIMIT) {}

  append(text: string): void {
    const parts = (this.#open + text).split('\n');
    this.#open = (parts.pop() ?? '').slice(-2 * LONGEST);
    // Of a flood only the end is worth the work.
    const skipped = Math.max(0, parts.length - this.limit);
    if (skipped > 0) {
      this.#dropped += this.#lines.length + skipped;
      this.#lines = [];
    }
    for (const part of skipped > 0 ? parts.slice(skipped) : parts) this.#lines.push(clean(part));
    if (this.#lines.length > this.limit * 1.2) {
      this.#dropped += this.#lines.length - this.limit;
      this.#lines = this.#lines.slice(-this.limit);
    }
  }

  get first(): number {
    return this.#dropped;
  }

  get end(): number {
    return this.#dropped + this.#lines.length + (this.#open === '' ? 0 : 1);
  }

  text(number: number): string {
    const index = number - this.#dropped;
    return index === this.#lines.length ? clean(this.#open) : (this.#lines[index] ?? '');
  }

  styled(number: number): string {
    return this.text(number);
  }
}

function clean(line: string): string {
  const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
  return plain(whole.slice(whole.lastIndexOf('\r') + 1).slice(0, LONGEST));
}
