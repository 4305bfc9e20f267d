import { isAbort, toFailure } from '../../engine/errors.js';
import type { UiOptions } from '../options.js';
import type { LabState } from '../state/lab-state.js';
import { initialLabState } from '../state/lab-state.js';
import type { LineReader } from './line-reader.js';

/** What the parts of the accessible screen share: the state so far, saying, asking and working. */
export class Desk {
  lab: LabState;
  /** Events are only said while work that was asked for goes on. */
  working = false;

  constructor(
    readonly options: UiOptions,
    private readonly reader: LineReader,
    readonly write: (text: string) => void,
  ) {
    this.lab = initialLabState(options.workshop.lab.config.machines);
  }

  say(...lines: string[]): void {
    this.write(`${lines.join('\n')}\n`);
  }

  ask(question: string): Promise<string | undefined> {
    return this.reader.ask(`${question}: `);
  }

  async agrees(question: string): Promise<boolean> {
    return (await this.ask(`${question} Type yes or no`)) === 'yes';
  }

  /** Runs what can be cancelled with Ctrl+C, and says what went wrong. True when it ended well. */
  async work(task: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
    const controller = new AbortController();
    const cancel = () => {
      this.say('Cancelling.');
      controller.abort(new DOMException('Cancelled by the user.', 'AbortError'));
    };
    process.once('SIGINT', cancel);
    this.working = true;
    try {
      await task(controller.signal);
      return true;
    } catch (error) {
      if (isAbort(error)) this.say('Cancelled.');
      else {
        const { message, cause, remedy } = toFailure(error);
        this.say(message, ...(cause === undefined ? [] : [`why: ${cause}`]), ...remedy.map((text) => `do: ${text}`));
      }
      return false;
    } finally {
      this.working = false;
      process.off('SIGINT', cancel);
    }
  }
}
