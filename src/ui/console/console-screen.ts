import type { Terminal } from '@xterm/headless';
import type { LogSource } from '../logs/log-source.js';
import { styledLine } from './cell-line.js';

/** Wider than the 80 columns that firmware reckons with, so that the kernel's long lines stay whole. */
const COLUMNS = 160;
const ROWS = 25;
const SCROLLBACK = 2000;

/**
 * A serial console as a terminal would show it, with its scrollback. Escape sequences act on this emulated terminal only; its
 * answers to the guest's questions are dropped.
 */
export class ConsoleScreen implements LogSource {
  first = 0;
  end = 0;
  /** Lines that have left the screen at its top since the beginning. */
  #scrolled = 0;

  private constructor(
    private readonly terminal: Terminal,
    private readonly color: boolean,
  ) {
    terminal.onScroll(() => {
      if (terminal.buffer.active.type === 'normal') this.#scrolled++;
    });
  }

  /** Loads the emulator when the first console is shown. */
  static async create(color: boolean): Promise<ConsoleScreen> {
    const { default: xterm } = await import('@xterm/headless');
    const terminal = new xterm.Terminal({
      cols: COLUMNS,
      rows: ROWS,
      scrollback: SCROLLBACK,
      allowProposedApi: true,
      logLevel: 'off',
    });
    // SeaBIOS switches wrapping off and leaves it so; what is longer than a line would be lost.
    terminal.parser.registerCsiHandler({ prefix: '?', final: 'l' }, ([mode]) => mode === 7);
    return new ConsoleScreen(terminal, color);
  }

  /** Resolves when the bytes were interpreted. */
  async write(bytes: Uint8Array | string): Promise<void> {
    await new Promise<void>((done) => this.terminal.write(bytes, done));
    this.count();
  }

  styled(number: number): string {
    const line = this.terminal.buffer.active.getLine(number - this.first);
    return line === undefined ? '' : styledLine(line, this.color);
  }

  text(number: number): string {
    return this.terminal.buffer.active.getLine(number - this.first)?.translateToString(true) ?? '';
  }

  dispose(): void {
    this.terminal.dispose();
  }

  /** Keeps the numbers of lines while the oldest ones fall out of the scrollback. */
  private count(): void {
    const { normal, active } = this.terminal.buffer;
    this.first = this.#scrolled - normal.baseY;
    let last = active.baseY + active.cursorY;
    for (let row = active.length - 1; row > last; row--) {
      if (active.getLine(row)?.translateToString(true) !== '') last = row;
    }
    this.end = this.first + last + 1;
  }
}
