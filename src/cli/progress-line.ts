import { bytesText } from '../engine/bytes-text.js';
import type { LabEvent } from '../engine/events.js';
import { clockText } from './output.js';

type ProgressEvent = Extract<LabEvent, { type: 'progress' }>;
type WaitEvent = Extract<LabEvent, { type: 'wait' }>;

export interface ProgressLine {
  progress(event: ProgressEvent): void;
  /** A wait is drawn while it lasts; its end is handed to `settled`, which writes it down. */
  wait(event: WaitEvent, settled: (event: LabEvent) => void): void;
  /** Writes lines that stay, above the line that is drawn over. */
  above(text: string): void;
}

/** One line at the bottom that is drawn over: a bar with sizes and time left, or what is waited for. */
export function createProgressLine(stream: NodeJS.WriteStream): ProgressLine {
  let drawn = false;
  const waits = new Map<string, WaitEvent>();
  const running = new Map<string, ProgressEvent>();
  let timer: NodeJS.Timeout | undefined;
  const erase = () => {
    if (drawn) stream.write('\r\u001b[2K');
    drawn = false;
  };
  const draw = (text: string) => {
    const columns = (stream.columns ?? 80) - 1;
    stream.write(`\r\u001b[2K${text.slice(0, columns)}`);
    drawn = true;
  };
  const drawWait = () => {
    const [wait] = waits.values();
    if (wait === undefined) return;
    const usual = wait.usual === undefined ? '' : `, usually ${clockText(wait.usual)}`;
    draw(`${wait.label} ${clockText(Date.now() - wait.since)}${usual}`);
  };
  return {
    progress(event) {
      running.delete(event.id);
      if (!event.finished) {
        running.set(event.id, event);
        return draw(progressText(together([...running.values()])));
      }
      erase();
      stream.write(`${progressText(event)}\n`);
    },
    wait(event, settled) {
      if (event.done) waits.delete(event.id);
      else waits.set(event.id, event);
      erase();
      if (event.done) settled(event);
      clearInterval(timer);
      if (waits.size === 0) return;
      drawWait();
      timer = setInterval(drawWait, 1000);
      timer.unref();
    },
    above(text) {
      erase();
      stream.write(text);
    },
  };
}

const WIDTH = 24;

/** What goes on side by side has one bar: the sum of all files, as long as the slowest takes. Other things are shown as they come. */
export function together(events: readonly ProgressEvent[]): ProgressEvent {
  const latest = events.at(-1) as ProgressEvent;
  const sizes = events.map(({ total }) => total ?? 0);
  if (events.length === 1 || events.some(({ unit }) => unit !== 'bytes') || sizes.includes(0)) return latest;
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  const etas = events.flatMap(({ eta }) => eta ?? []);
  const { eta: _, ...rest } = latest;
  return {
    ...rest,
    label: `${events.length} files`,
    done: sum(events.map(({ done }) => done)),
    total: sum(sizes),
    ...(etas.length === 0 ? {} : { eta: Math.max(...etas) }),
  };
}

/** `Fetch x  ██████░░░░ 45 %  41 MiB of 92 MiB  0:12 left` */
export function progressText({ label, done, total, unit, eta, finished }: ProgressEvent): string {
  const size = (value: number) => (unit === 'bytes' ? bytesText(value) : String(value));
  if (finished) return `${label}  done${unit === 'bytes' ? `, ${size(done)}` : ''}`;
  if (total === undefined || total === 0) return `${label}  ${size(done)}`;
  const share = Math.min(1, done / total);
  const full = Math.round(share * WIDTH);
  const bar = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}`;
  const sizes = unit === 'bytes' ? `  ${size(done)} of ${size(total)}` : '';
  const left = eta === undefined ? '' : `  ${clockText(eta)} left`;
  return `${label}  ${bar} ${Math.floor(share * 100)} %${sizes}${left}`;
}
