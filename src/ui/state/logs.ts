import { LogBuffer } from '../logs/log-buffer.js';
import { clock, timeOfDay } from '../theme/format.js';
import type { EventOf, LabEvent } from './event-types.js';

const RECENT = 12;

/** What the steps printed and what commands were run, as two logs. Reads events; holds nothing that grows without bound. */
export class Logs {
  #attempt = '';
  #open = false;

  readonly output = new LogBuffer();
  readonly commands = new LogBuffer();
  /** The last command lines as they were run, to be copied. */
  recentCommands: readonly string[] = [];

  take(event: LabEvent): void {
    if (event.type === 'output') this.#output(event);
    else if (event.type === 'action') this.#action(event);
    else if (event.type === 'command') this.#command(event);
    else if (event.type === 'step' && event.status === 'started') this.#step(event);
  }

  /** Replays what earlier sessions left, only the end of it. */
  restart(history: readonly LabEvent[]): void {
    for (const event of history.slice(-2000)) this.take(event);
  }

  #command(event: EventOf<'command'>): void {
    this.commands.append(commandLine(event));
    this.recentCommands = [...this.recentCommands.slice(1 - RECENT), event.line];
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

  /** A line of its own, below whatever stands there. */
  note(text: string): void {
    this.#line(text);
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
