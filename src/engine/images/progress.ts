import type { EventSink } from '../events.js';

/** Emits `progress` events for one piece of work, at most ten a second, with the time left as far as it can be told. */
export class Progress {
  private readonly started = Date.now();
  private last = 0;

  constructor(
    private readonly events: EventSink,
    private readonly id: string,
    private readonly unit: 'bytes' | 'percent',
    private readonly total: number | undefined,
    /** Already there when the work began, e.g. the first half of a download. */
    private readonly before = 0,
  ) {}

  update(label: string, done: number, force = false): void {
    const now = Date.now();
    if (!force && now - this.last < 100) return;
    this.last = now;
    this.emit(label, done, this.timeLeft(done, now));
  }

  finish(label: string, done = this.total ?? 0): void {
    this.emit(label, done, 0, true);
  }

  private timeLeft(done: number, now: number): number | undefined {
    const fresh = done - this.before;
    if (this.total === undefined || fresh <= 0 || now - this.started < 1000) return undefined;
    return Math.round(((now - this.started) / fresh) * (this.total - done));
  }

  private emit(label: string, done: number, eta: number | undefined, finished?: true): void {
    this.events.emit({
      type: 'progress',
      id: this.id,
      label,
      done,
      unit: this.unit,
      ...(this.total === undefined ? {} : { total: this.total }),
      ...(eta === undefined ? {} : { eta }),
      ...(finished === undefined ? {} : { finished }),
    });
  }
}
