import { isAbort, toFailure } from '../../engine/errors.js';
import type { Message } from '../state/view.js';
import type { Parts } from './parts.js';

/** Runs one thing at a time that takes a while: shows it as busy, can be cancelled, never throws. */
export class Work {
  #controller: AbortController | undefined;

  constructor(private readonly parts: Parts) {}

  get running(): boolean {
    return this.#controller !== undefined;
  }

  /** `task` gets the signal that Ctrl+C aborts and says what to show at the end. */
  async run(
    label: string,
    kind: 'step' | 'lab',
    task: (signal: AbortSignal) => Promise<Message | undefined>,
  ): Promise<void> {
    if (this.running) return;
    const controller = new AbortController();
    this.#controller = controller;
    const { store } = this.parts;
    store.update((view) => ({
      ...view,
      busy: { label, kind, cancelling: false },
      message: undefined,
      dialog: undefined,
    }));
    let message: Message | undefined;
    try {
      message = await task(controller.signal);
    } catch (error) {
      message = isAbort(error) ? { text: `${label}: cancelled`, tone: 'warn' } : failed(error);
    }
    this.#controller = undefined;
    store.update((view) => ({ ...view, busy: undefined, message: message ?? view.message }));
    await this.refresh();
  }

  cancel(): void {
    if (this.#controller === undefined) return;
    this.parts.store.update((view) =>
      view.busy === undefined ? view : { ...view, busy: { ...view.busy, cancelling: true } },
    );
    this.#controller.abort(new DOMException('Cancelled by the user.', 'AbortError'));
  }

  /** Asks the hypervisor how the machines are; keeps quiet when that fails, doctor explains it. */
  async refresh(): Promise<void> {
    try {
      this.parts.store.loadStatus(await this.parts.options.workshop.lab.status());
    } catch {
      // The next event or the doctor says more.
    }
  }

  /** Shows what went wrong in something that was not worth a busy state. */
  async quietly(task: () => Promise<Message | undefined>): Promise<void> {
    let message: Message | undefined;
    try {
      message = await task();
    } catch (error) {
      message = failed(error);
    }
    if (message !== undefined) this.parts.store.update((view) => ({ ...view, message }));
  }
}

function failed(error: unknown): Message {
  const { message, remedy } = toFailure(error);
  return { text: [message, ...remedy.slice(0, 1)].join(' '), tone: 'bad' };
}
