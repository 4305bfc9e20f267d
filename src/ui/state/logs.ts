import { clock, timeOfDay } from '../theme/format.js';
import type { EventOf, LabEvent } from './event-types.js';

/** Text that grows: a bounded ring of lines outside React. `version` changes with every append. */
export interface LineBuffer {
  append(text: string): void;
  lines(from: number, count: number): readonly string[];
  readonly length: number;
  readonly version: number;
  subscribe(listener: () => void): () => void;
}

/** What the steps printed and what commands were run, as two logs. Reads events; holds nothing that grows without bound. */
export class Logs {
  #attempt = '';
  #open = false;

  constructor(
    readonly output: LineBuffer,
    readonly commands: LineBuffer,
  ) {}

  take(event: LabEvent): void {
    if (event.type === 'output') this.#output(event);
    else if (event.type === 'action') this.#action(event);
    else if (event.type === 'command') this.commands.append(commandLine(event));
    else if (event.type === 'step' && event.status === 'started') this.#step(event);
  }

  /** Replays what earlier sessions left, only the end of it. */
  restart(history: readonly LabEvent[]): void {
    for (const event of history.slice(-2000)) this.take(event);
  }

  #step(event: EventOf<'step'>): void {
    const attempt = `${event.lesson}/${event.step} attempt ${event.attempt}`;
    if (attempt === this.#attempt) return;
    this.#attempt = attempt;
    this.#line(`── ${event.step} · attempt ${event.attempt} · ${timeOfDay(event.time)} ──`);
  }

  #action(event: EventOf<'action'>): void {
    if (event.status === 'started' || event.status === 'background') {
      const first = (event.source ?? '').trim().split('\n')[0] ?? '';
      const place = event.executor === 'lab' ? 'lab' : (event.on ?? event.executor);
      this.#line(`${place} $ ${event.executor === 'bats' ? `bats ${event.action}` : first}`);
    } else if (event.status === 'failed') {
      const code = event.exitCode === undefined ? '' : ` with exit code ${event.exitCode}`;
      this.#line(`[${event.action} failed${code}]`);
    }
  }

  #output(event: EventOf<'output'>): void {
    if (event.skipped !== undefined && event.skipped > 0) {
      this.#line(`[… ${event.skipped} bytes are in the log file only]`);
    }
    this.output.append(event.text);
    this.#open = !event.text.endsWith('\n');
  }

  #line(text: string): void {
    this.output.append(`${this.#open ? '\n' : ''}${text}\n`);
    this.#open = false;
  }
}

function commandLine(event: EventOf<'command'>): string {
  const failed = event.exitCode !== undefined && event.exitCode !== 0 ? `  (exit ${event.exitCode})` : '';
  const took = event.duration !== undefined && event.duration >= 1000 ? `  ${clock(event.duration)}` : '';
  return `${timeOfDay(event.time)}  ${event.line.replace(/\r?\n/g, ' ⏎ ')}${failed}${took}\n`;
}
