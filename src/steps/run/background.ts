import type { ActionOutcome } from './run-action.js';

interface Running {
  controller: AbortController;
  done: Promise<ActionOutcome>;
  outcome?: ActionOutcome;
}

/** Background actions that are still alive, by `lesson/step/action`. */
export class BackgroundActions {
  readonly #running = new Map<string, Running>();

  /** `run` is given a signal of its own, since the action lives on when its step ends. */
  start(
    id: string,
    run: (signal: AbortSignal) => Promise<ActionOutcome>,
  ): { outcome: () => ActionOutcome | undefined } {
    const controller = new AbortController();
    const running: Running = { controller, done: run(controller.signal) };
    this.#running.set(id, running);
    void running.done.then((outcome) => {
      running.outcome = outcome;
      if (this.#running.get(id) === running) this.#running.delete(id);
    });
    return { outcome: () => running.outcome };
  }

  list(): string[] {
    return [...this.#running.keys()];
  }

  /** Ends one and waits for its end; false when there is none of that name. */
  async stop(id: string): Promise<boolean> {
    const running = this.#running.get(id);
    if (running === undefined) return false;
    running.controller.abort(new DOMException('stopped', 'AbortError'));
    await running.done;
    return true;
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.list().map((id) => this.stop(id)));
  }
}
