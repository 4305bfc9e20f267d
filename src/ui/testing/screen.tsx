import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import xterm from '@xterm/headless';
import { type Instance, render } from 'ink';
import { UiContext } from '../app/context.js';
import { createSession, type Session } from '../app/session.js';
import { oneKeyStream } from '../keys/one-key-stream.js';
import type { UiOptions } from '../options.js';
import { Root } from '../screens/Root.js';
import type { Clock } from '../state/clock.js';
import { type FakePlan, FakeWorkshop } from './fake-workshop.js';

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  #now = Date.UTC(2026, 0, 2, 14, 3, 11);
  readonly #timers = new Set<{ every: number; next: number; callback: () => void }>();

  now = () => this.#now;

  every(milliseconds: number, callback: () => void): () => void {
    const timer = { every: milliseconds, next: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** For scripts: resolves when the clock has moved that far. */
  sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const stop = this.every(milliseconds, () => {
        stop();
        resolve();
      });
      signal.addEventListener('abort', () => {
        stop();
        reject(signal.reason);
      });
    });

  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    while (true) {
      const due = [...this.#timers].filter(({ next }) => next <= end).sort((a, b) => a.next - b.next)[0];
      if (due === undefined) break;
      this.#now = due.next;
      due.next += due.every;
      due.callback();
    }
    this.#now = end;
  }
}

type TestStdout = NodeJS.WriteStream & { columns: number; rows: number };

/** The program's screen over a scripted workshop, drawn by Ink into a terminal emulator. */
export class TestScreen {
  readonly clock = new FakeClock();
  readonly workshop: FakeWorkshop;
  readonly session: Session;
  readonly result = Promise.withResolvers<unknown>();
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  readonly #stdout: TestStdout;
  readonly #stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode() {}, ref() {}, unref() {} });
  readonly #instance: Instance;
  #pending = 0;

  constructor(
    plan: FakePlan | ((clock: FakeClock) => FakePlan),
    size: { columns: number; rows: number },
    options: Partial<UiOptions> = {},
  ) {
    this.workshop = new FakeWorkshop({
      now: this.clock.now,
      ...(typeof plan === 'function' ? plan(this.clock) : plan),
    });
    this.#terminal = new xterm.Terminal({
      cols: size.columns,
      rows: size.rows,
      scrollback: 0,
      allowProposedApi: true,
      convertEol: true,
    });
    this.#stdout = Object.assign(new EventEmitter(), {
      isTTY: true,
      writable: true,
      columns: size.columns,
      rows: size.rows,
      write: (text: string, ...rest: unknown[]) => {
        this.#pending++;
        this.#terminal.write(text, () => {
          this.#pending--;
          const done = rest.find((each) => typeof each === 'function');
          if (typeof done === 'function') done();
        });
        return true;
      },
    }) as unknown as TestStdout;
    this.session = createSession(
      {
        workshop: this.workshop,
        mode: 'fullscreen',
        version: '0.1.0',
        initial: { screen: 'home' },
        color: false,
        interactive: async () => 0,
        copy: async () => true,
        image: async () => ({ ready: true, detail: 'ready, 812 MB' }),
        stdout: this.#stdout,
        ...options,
      },
      this.clock,
    );
    this.session.ui.parts.terminal.end = this.result.resolve;
    this.#instance = render(
      <UiContext value={this.session.ui}>
        <Root />
      </UiContext>,
      {
        stdin: oneKeyStream(this.#stdin as unknown as NodeJS.ReadStream),
        stdout: this.#stdout,
        alternateScreen: true,
        incrementalRendering: true,
        interactive: true,
        maxFps: 1000,
        exitOnCtrlC: false,
        patchConsole: false,
      },
    );
    this.session.load();
  }

  /** The screen as text, trailing blanks cut; waits for what is being drawn. */
  async frame(): Promise<string> {
    await this.settle();
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_, y) => active.getLine(y)?.translateToString(true) ?? '').join(
      '\n',
    );
  }

  /** Lets promises, timers of Ink and the emulator come to rest. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 4; ) {
      await new Promise((resolve) => setTimeout(resolve, 3));
      quiet = this.#pending === 0 ? quiet + 1 : 0;
    }
  }

  /** Types each text as one chunk. */
  async press(...chunks: string[]): Promise<void> {
    for (const chunk of chunks) {
      this.#stdin.write(chunk);
      // A lone escape is told from a sequence by time.
      if (chunk.endsWith('\u001B')) await new Promise((resolve) => setTimeout(resolve, 40));
      await this.settle();
    }
  }

  /** Moves the clock, in heartbeats, with everything that then happens. */
  async advance(milliseconds: number): Promise<void> {
    for (let moved = 0; moved < milliseconds; moved += 100) {
      this.clock.advance(Math.min(100, milliseconds - moved));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.settle();
  }

  async resize(columns: number, rows: number): Promise<void> {
    this.#terminal.resize(columns, rows);
    Object.assign(this.#stdout, { columns, rows });
    this.#stdout.emit('resize');
    await this.settle();
  }

  async until(what: string | RegExp): Promise<string> {
    let last = '';
    for (let tries = 0; tries < 100; tries++) {
      last = await this.frame();
      if (typeof what === 'string' ? last.includes(what) : what.test(last)) return last;
      this.clock.advance(100);
    }
    throw new Error(`never showed ${what}; it shows:\n${last}`);
  }

  async close(): Promise<void> {
    this.#instance.unmount();
    await this.session.close();
    this.#terminal.dispose();
  }
}

export const key = {
  enter: '\r',
  esc: '\u001B',
  up: '\u001B[A',
  down: '\u001B[B',
  tab: '\t',
  pageDown: '\u001B[6~',
  pageUp: '\u001B[5~',
  ctrlC: '\u0003',
} as const;
