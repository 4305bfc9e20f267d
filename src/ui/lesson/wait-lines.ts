import type { ProgressView, WaitView } from '../state/lab-state.js';
import { bytes, clock } from '../theme/format.js';
import { clip, plain, spread } from '../theme/text.js';
import { glyph, spinner, type Theme } from '../theme/theme.js';

export interface WaitLook {
  theme: Theme;
  width: number;
  now: number;
}

/** `⠋ ` and `waiting for ssh (1 of 3) 0:42, usually 1:10` */
export function waitLine(wait: WaitView, { theme, now }: Omit<WaitLook, 'width'>): [mark: string, text: string] {
  const label = plain(wait.label);
  if (wait.ended !== undefined) {
    const ok = wait.ok !== false;
    const mark = theme.paint(ok ? 'ok' : 'bad', ok ? glyph.ok : glyph.bad);
    return [`${mark} `, `${label} ${theme.paint('dim', clock(wait.ended - wait.since))}`];
  }
  const elapsed = now - wait.since;
  const late = wait.usual !== undefined && elapsed > wait.usual * 1.5;
  const usual = wait.usual === undefined ? '' : `, usually ${clock(wait.usual)}`;
  const time = theme.paint(late ? 'warn' : 'plain', clock(elapsed)) + theme.paint('dim', usual);
  return [`${theme.paint('accent', spinner(now))} `, `${label} ${time}`];
}

/** A label with a percentage, and under it a bar with amounts and the time left; one line once it is done. */
export function progressLines(progress: ProgressView, { theme, width, now }: WaitLook): string[] {
  const label = plain(progress.label);
  const amount = amounts(progress);
  if (progress.finished) return [clip(`${theme.paint('ok', glyph.ok)} ${label} ${theme.paint('dim', amount)}`, width)];
  const share = fraction(progress);
  const percent = share === undefined ? '' : `${Math.floor(share * 100)} %`;
  const head = spread(`${theme.paint('accent', spinner(now))} ${label}`, percent, width);
  const left = progress.eta === undefined ? '' : `, ${clock(progress.eta)} left`;
  const text = amount + left;
  if (share === undefined) return [head, theme.paint('dim', clip(`  ${text}`, width))];
  return [
    head,
    `  ${bar(share, Math.max(6, Math.min(30, width - text.length - 4)), theme)}  ${theme.paint('dim', text)}`,
  ];
}

export function fraction({ done, total, unit }: ProgressView): number | undefined {
  if (unit === 'percent') return Math.max(0, Math.min(1, done / 100));
  return total === undefined || total <= 0 ? undefined : Math.max(0, Math.min(1, done / total));
}

export function bar(share: number, width: number, theme: Theme): string {
  const filled = Math.max(0, Math.min(width, Math.round(share * width)));
  return theme.paint('accent', glyph.full.repeat(filled)) + theme.paint('dim', glyph.empty.repeat(width - filled));
}

function amounts({ done, total, unit, finished }: ProgressView): string {
  if (unit === 'percent') return '';
  const say = unit === 'bytes' ? bytes : (count: number) => String(Math.round(count));
  const word = unit === 'steps' ? ' steps' : '';
  if (finished) return `${say(total ?? done)}${word}`;
  return total === undefined ? `${say(done)}${word}` : `${say(done)} of ${say(total)}${word}`;
}
