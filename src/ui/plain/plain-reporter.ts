import { etcdSentence, mayuSentence } from '../../engine/cluster/cluster-text.js';
import type { ActionRef, Failure, LabEvent } from '../../engine/events.js';
import { rolloutSentence, serverSentence } from '../../engine/updates/updates-text.js';
import { plain } from '../theme/text.js';

export interface PlainOptions {
  color: boolean;
  /** Also show every command line that was run. */
  verbose: boolean;
}

type Of<Type extends LabEvent['type']> = Extract<LabEvent, { type: Type }>;

/** Turns events into lines that are only ever appended: for logs, pipes, CI, and screens without a terminal. */
export function createPlainReporter(
  write: (text: string) => void,
  { color, verbose }: PlainOptions,
): (event: LabEvent) => void {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const line = (text: string) => write(`${text}\n`);
  const running = new RunningActions();
  const output = new OutputLines((ref, text) => {
    if (!running.tellsAsCheck(ref, text)) line(`    ${text}`);
  });
  const tens = new Map<string, number>();
  const waits = new Set<string>();
  const said = new Map<string, string>();

  const step = (event: Of<'step'>) => {
    const name = `${event.lesson}#${event.step}`;
    if (event.status === 'started') {
      const attempt = event.attempt > 1 ? ` · attempt ${event.attempt}` : '';
      line(`\n${paint(1, `── ${name}${attempt} · ${clock(event.time)} ──`)}`);
    } else if (event.status === 'passed') line(paint(32, `✓ ${name} passed${took(event.duration)}`));
    else if (event.status === 'failed')
      line(`${paint(31, `✗ ${name} failed${took(event.duration)}`)}\n${card(event.failure)}`);
    else line(`- ${name} ${event.status}`);
  };

  const action = (event: Of<'action'>) => {
    if (event.status === 'started') running.take(event);
    if (event.status === 'started' || event.status === 'background') {
      const where = event.on === undefined ? '' : ` on ${event.on}`;
      const what = event.executor === 'bats' ? 'check' : (event.source?.trim().split('\n')[0] ?? event.action);
      return line(paint(36, `  ▸ ${what}${where}`));
    }
    output.flush(event);
    running.take(event);
    if (event.status === 'passed') line(paint(32, `  ✓ ${event.action}${took(event.duration)}`));
    else if (event.status === 'skipped') line(`  - ${event.action} is not for this lab`);
    else
      line(
        paint(
          31,
          `  ✗ ${event.action}${event.exitCode === undefined ? ` ${event.status}` : ` ended with exit code ${event.exitCode}`}`,
        ),
      );
  };

  const check = (event: Of<'check'>) => {
    const mark = event.skipped !== undefined ? '-' : event.ok ? '✓' : '✗';
    line(paint(event.ok ? 32 : 31, `    ${mark} ${event.name}`));
    for (const text of event.diagnostics ?? []) line(`      ${text}`);
  };

  const wait = (event: Of<'wait'>) => {
    // A wait tells its label anew when it knows more; what it learned is in the lines of the stages already.
    if (!event.done && !waits.has(event.id)) {
      line(`  … ${event.label}${event.usual === undefined ? '' : `, usually ${minutes(event.usual)}`}`);
    } else if (event.done && event.ok) line(`  ✓ ${event.label}: ${minutes(event.time - event.since)}`);
    if (event.done) waits.delete(event.id);
    else waits.add(event.id);
  };

  const progress = (event: Of<'progress'>) => {
    if (event.finished) return line(`  ✓ ${event.label}`);
    if (event.total === undefined || event.total === 0) return;
    const ten = Math.floor((event.done / event.total) * 10);
    if (tens.get(event.id) === ten) return;
    tens.set(event.id, ten);
    line(`  … ${event.label}: ${ten * 10} %${event.eta === undefined ? '' : `, ${minutes(event.eta)} left`}`);
  };

  const cluster = (event: Of<'cluster'>) => {
    const states = event.mayu.hosts.map(({ machine, serial, state }) => `${machine ?? serial} ${state}`);
    const hosts = states.length === 0 ? '' : ` (${states.join(', ')})`;
    for (const text of [`${mayuSentence(event.mayu)}${hosts}`, etcdSentence(event.etcd)]) {
      const [about = ''] = text.split(':');
      // One of the two changed; and that no etcd is there is no news before there was one.
      const silent = said.get(about) === text || (!said.has(about) && about === 'etcd' && !event.etcd.members.length);
      if (!silent) line(`  · ${plain(text)}`);
      if (!silent) said.set(about, text);
    }
  };

  const updates = (event: Of<'updates'>) => {
    const texts = [serverSentence(event), `Updates: ${rolloutSentence(event, { percent: false })}`];
    for (const text of texts) {
      const [about = ''] = text.split(':');
      if (said.get(about) !== text) line(`  · ${plain(text)}`);
      said.set(about, text);
    }
  };

  return (event) => {
    if (NARRATED.has(event.type) && running.narrates && !(event.type === 'progress' && !event.finished)) return;
    switch (event.type) {
      case 'step':
        return step(event);
      case 'action':
        return action(event);
      case 'check':
        return check(event);
      case 'wait':
        return wait(event);
      case 'progress':
        return progress(event);
      case 'output':
        if (event.skipped) line(`    (${event.skipped} bytes are in the run's output folder only)`);
        return output.add(event, event.text);
      case 'machine':
        return line(`  · ${event.machine}: ${event.state.replace('_', ' ')}`);
      case 'stage':
        // A stage begins without a percentage; how it goes on is not told in lines.
        if (event.percent !== undefined) return;
        return line(`  · ${event.machine}: ${event.stage} (${(event.sinceStart / 1000).toFixed(1)} s)`);
      case 'savepoint':
        return line(`  ✓ savepoint ${event.name} ${event.action}${took(event.duration)}`);
      case 'cluster':
        return cluster(event);
      case 'updates':
        return updates(event);
      case 'notice':
        return line(
          event.level === 'info' ? `  ${event.text}` : paint(event.level === 'error' ? 31 : 33, `  ! ${event.text}`),
        );
      case 'command':
        if (verbose) line(paint(2, `  $ ${event.line}`));
        return;
      default:
        return;
    }
  };
}

/** What the output of a `lab` block says itself. */
const NARRATED: ReadonlySet<LabEvent['type']> = new Set([
  'machine',
  'stage',
  'wait',
  'progress',
  'savepoint',
  'notice',
]);
const TAP = /^(ok|not ok) |^1\.\.\d+$|^# /;

/** Actions that have begun and not ended: what they print may be told by other events too. */
class RunningActions {
  private readonly executors = new Map<string, string>();

  take(event: Of<'action'>): void {
    if (event.status === 'started') this.executors.set(key(event), event.executor);
    else this.executors.delete(key(event));
  }

  get narrates(): boolean {
    return [...this.executors.values()].includes('lab');
  }

  /** Is this a line of a check's results? Each of them is a `check` event as well. */
  tellsAsCheck(ref: ActionRef, text: string): boolean {
    return this.executors.get(key(ref)) === 'bats' && TAP.test(text);
  }
}

/** Joins pieces of output to lines, each action's apart, and takes out what could act on a terminal. */
class OutputLines {
  private readonly rest = new Map<string, string>();

  constructor(private readonly line: (ref: ActionRef, text: string) => void) {}

  add(ref: ActionRef, text: string): void {
    const lines = ((this.rest.get(key(ref)) ?? '') + text).split('\n');
    this.rest.set(key(ref), lines.pop() ?? '');
    for (const each of lines) this.line(ref, plain(each));
  }

  flush(ref: ActionRef): void {
    const rest = this.rest.get(key(ref));
    this.rest.delete(key(ref));
    if (rest) this.line(ref, plain(rest));
  }
}

function key({ lesson, step, attempt, action }: ActionRef): string {
  return `${lesson}/${step}/${attempt}/${action}`;
}

function card(failure: Failure | undefined): string {
  if (failure === undefined) return '';
  const { message, cause, evidence = [], remedy } = failure;
  return [
    `  ${message}`,
    ...(cause === undefined ? [] : [`  why: ${cause}`]),
    ...evidence.map((text) => `    | ${plain(text)}`),
    ...remedy.map((text) => `  → ${plain(text)}`),
  ].join('\n');
}

function clock(time: number): string {
  return new Date(time).toTimeString().slice(0, 8);
}

function took(duration: number | undefined): string {
  return duration === undefined ? '' : ` in ${(duration / 1000).toFixed(1)} s`;
}

function minutes(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
