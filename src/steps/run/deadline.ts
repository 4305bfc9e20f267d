/** How long to wait for something that was told to end, before going on without it: SIGTERM, 3 s, SIGKILL, a slow machine. */
const GRACE = 30_000;

/** A time limit as a signal, together with the caller's own. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;

  /** `timeout` in milliseconds, undefined = none; `reason` is made when it has passed. */
  constructor(outer: AbortSignal, timeout: number | undefined, reason: () => Error) {
    this.signal = AbortSignal.any([outer, this.#controller.signal]);
    if (timeout !== undefined) this.#timer = setTimeout(() => this.#controller.abort(reason()), timeout);
  }

  /** What aborted it, when the time was up; undefined when it was not. */
  get expired(): Error | undefined {
    return this.#controller.signal.aborted ? (this.#controller.signal.reason as Error) : undefined;
  }

  /** Waits for `work`, but not much longer than the signal's abort. */
  async follow<T>(work: Promise<T>): Promise<T> {
    let grace: NodeJS.Timeout | undefined;
    let onAbort = () => {};
    const gaveUp = new Promise<never>((_, reject) => {
      onAbort = () => {
        grace = setTimeout(() => reject(this.signal.reason), GRACE);
      };
      if (this.signal.aborted) onAbort();
      else this.signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([work, gaveUp]);
    } finally {
      clearTimeout(grace);
      clearTimeout(this.#timer);
      this.signal.removeEventListener('abort', onAbort);
    }
  }
}

/** Resolves after a while, rejects with the signal's reason when that comes first. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
