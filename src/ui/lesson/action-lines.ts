import type { Action } from '../../steps/lesson.js';
import type { ActionView } from '../state/lab-state.js';
import { clock, duration } from '../theme/format.js';
import { clip, hang, plain, spread } from '../theme/text.js';
import { glyph, spinner, type Theme } from '../theme/theme.js';
import { progressLines, waitLine } from './wait-lines.js';

export interface ActionLook {
  theme: Theme;
  width: number;
  now: number;
  /** Show the hypervisor's own command lines and the source of checks. */
  native: boolean;
  /** Say here why an action failed, when no card says it. */
  failures: boolean;
  /** How many of the last lines of output to show; 0 where the output pane is beside. */
  tail: number;
}

const SOURCE_LINES = 16;

/** One action of a step: where it runs, what it is, and how it goes. */
export function actionLines(action: Action, state: ActionView | undefined, look: ActionLook): string[] {
  const { theme, width } = look;
  const bar = theme.paint('dim', '│ ');
  const inner = width - 2;
  const running = state?.status === 'started';
  const body = [
    ...source(action, look, inner),
    ...(look.native
      ? (state?.native ?? []).flatMap((line) => hang('$ ', plain(line), inner).map((l) => theme.paint('dim', l)))
      : []),
    ...checks(action, state, look, inner),
    ...(state?.waits ?? []).flatMap((wait) => hang(...waitLine(wait, look), inner)),
    ...(state?.progress ?? []).flatMap((progress) => progressLines(progress, { ...look, width: inner })),
    ...tail(state, look, inner),
    ...(state?.failure === undefined || !look.failures
      ? []
      : hang(`${glyph.bad} `, plain(state.failure.message), inner).map((l) => theme.paint('bad', l))),
  ];
  const head = `${statusGlyph(action, state, look)} ${theme.paint(running ? 'strong' : 'dim', title(action))}`;
  return [spread(head, right(state, look), width).trimEnd(), ...body.map((line) => bar + line)];
}

function title({ executor, on, check, background }: Action): string {
  const what = check ? 'check' : executor;
  const where = on === undefined ? '' : ` on ${on === 'host' ? 'this computer' : on}`;
  return `${what}${where}${background ? ', in the background' : ''}`;
}

function statusGlyph(_action: Action, state: ActionView | undefined, { theme, now }: ActionLook): string {
  switch (state?.status) {
    case undefined:
      return theme.paint('dim', glyph.todo);
    case 'started':
      return theme.paint('accent', spinner(now));
    case 'background':
      return theme.paint('accent', glyph.on);
    case 'passed':
      return theme.paint('ok', glyph.ok);
    case 'failed':
      return theme.paint('bad', glyph.bad);
    case 'cancelled':
      return theme.paint('warn', glyph.pause);
    case 'skipped':
      return theme.paint('dim', glyph.skip);
  }
}

/** The word and the time at the right end: a state is never only a glyph. */
function right(state: ActionView | undefined, { theme, now }: ActionLook): string {
  if (state === undefined) return '';
  const took = state.duration === undefined ? '' : duration(state.duration);
  const words: Record<ActionView['status'], string> = {
    started: `running ${clock(now - state.started)}`,
    background: `running ${clock(now - state.started)}`,
    passed: took,
    failed: `failed${state.exitCode === undefined ? '' : `, exit ${state.exitCode}`} ${took}`.trimEnd(),
    cancelled: 'cancelled',
    skipped: 'skipped',
  };
  const tone = state.status === 'failed' ? 'bad' : state.status === 'cancelled' ? 'warn' : 'dim';
  return theme.paint(tone, words[state.status]);
}

function source(action: Action, { theme, native }: ActionLook, width: number): string[] {
  if (action.hidden || (action.check && action.executor === 'bats' && !native)) return [];
  const all = plain(action.source.replace(/\n+$/, '')).split('\n');
  const shown = all.length > SOURCE_LINES ? all.slice(0, SOURCE_LINES - 1) : all;
  const more = all.length - shown.length;
  return [
    ...shown.flatMap((line) => {
      const indent = /^ */.exec(line)?.[0] ?? '';
      return hang(indent, line.slice(indent.length), width).map((part) => theme.paint('code', part));
    }),
    ...(more > 0 ? [theme.paint('dim', `… ${more} more lines`)] : []),
  ];
}

/** Results of the tests; before they run, their names. */
function checks(action: Action, state: ActionView | undefined, { theme }: ActionLook, width: number): string[] {
  const results = state?.checks ?? [];
  const names = [...action.source.matchAll(/^\s*@test\s+(["'])(.*)\1/gm)].map((match) => plain(match[2] as string));
  const waiting = action.executor === 'bats' ? names.slice(results.length) : [];
  return [
    ...results.flatMap(({ name, ok, skipped, diagnostics }) => {
      const [tone, mark] =
        skipped !== undefined
          ? (['dim', glyph.skip] as const)
          : ok
            ? (['ok', glyph.ok] as const)
            : (['bad', glyph.bad] as const);
      const note =
        skipped === undefined ? '' : theme.paint('dim', ` skipped${skipped === '' ? '' : `: ${plain(skipped)}`}`);
      const detail = ok
        ? []
        : (diagnostics ?? []).slice(0, 6).map((text) => theme.paint('dim', clip(`    ${plain(text)}`, width)));
      return [...hang(`${theme.paint(tone, mark)} `, plain(name) + note, width), ...detail];
    }),
    ...waiting.flatMap((name) => hang(`${theme.paint('dim', glyph.todo)} `, name, width)),
  ];
}

function tail(state: ActionView | undefined, { theme, tail: count }: ActionLook, width: number): string[] {
  if (count === 0 || state === undefined || state.tail === '' || state.checks.length > 0) return [];
  const lines = plain(state.tail.replace(/\r\n?/g, '\n')).split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .map((line) => theme.paint('dim', clip(line, width)));
}
