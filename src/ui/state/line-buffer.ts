import { plain } from '../theme/text.js';
import type { LineBuffer } from './logs.js';

/** A small bounded LineBuffer. */
export class SimpleBuffer implements LineBuffer {
  #lines: string[] = [];
  #open = '';
  version = 0;
  readonly #listeners = new Set<() => void>();

  constructor(private readonly limit = 5000) {}

  append(text: string): void {
    const parts = (this.#open + plain(text.replace(/\r\n?/g, '\n'))).split('\n');
    this.#open = parts.pop() ?? '';
    this.#lines.push(...parts);
    if (this.#lines.length > this.limit * 2) this.#lines = this.#lines.slice(-this.limit);
    this.version++;
    for (const listener of this.#listeners) listener();
  }

  get length(): number {
    return this.#lines.length + (this.#open === '' ? 0 : 1);
  }

  lines(from: number, count: number): readonly string[] {
    const all = this.#lines.slice(Math.max(0, from), Math.max(0, from) + count);
    return all.length < count && this.#open !== '' ? [...all, this.#open] : all;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
