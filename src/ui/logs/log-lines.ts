import { clip, wrap } from '../theme/text.js';
import type { Theme } from '../theme/theme.js';
import { contains, type LogPage, type LogPosition } from './log-position.js';
import type { LogSource } from './log-source.js';

export interface LogLines {
  lines: string[];
  page: LogPage;
}

/** The part of a log that fits into a pane, with the matches of a search marked. */
export function logLines(
  source: LogSource,
  position: LogPosition,
  room: { width: number; height: number },
  theme: Theme,
): LogLines {
  const { width, height } = room;
  const draw = (number: number): string[] => {
    const line = marked(source, number, position, theme);
    return position.wrap ? wrap(line, width) : [clip(line, width)];
  };
  const max = lastPage(source, height, draw, position.wrap);
  const top = Math.min(max, Math.max(source.first, position.top ?? max));
  const lines: string[] = [];
  let number = top;
  for (; number < source.end && lines.length < height; number++) lines.push(...draw(number));
  const page = { top, size: Math.max(1, number - top), max };
  // At the end the newest line counts, even where the oldest wrapped one is cut for it.
  return { lines: top === max ? lines.slice(-height) : lines.slice(0, height), page };
}

/** First line of the last page. */
function lastPage(source: LogSource, height: number, draw: (number: number) => string[], wraps: boolean): number {
  if (!wraps) return Math.max(source.first, source.end - height);
  let rows = 0;
  let top = source.end;
  while (top > source.first && rows < height) rows += draw(--top).length;
  return top;
}

function marked(source: LogSource, number: number, { query, match }: LogPosition, theme: Theme): string {
  if (query === undefined || query === '') return source.styled(number);
  const text = source.text(number);
  if (!contains(text, query)) return source.styled(number);
  const tone = number === match ? 'found' : 'match';
  const wanted = query.toLowerCase();
  const lower = text.toLowerCase();
  // Lower case that is longer than its upper case would shift what is marked.
  if (lower.length !== text.length) return theme.paint(tone, text);
  let result = '';
  let at = 0;
  for (let next = lower.indexOf(wanted); next !== -1; next = lower.indexOf(wanted, at)) {
    result += text.slice(at, next) + theme.paint(tone, text.slice(next, next + wanted.length));
    at = next + wanted.length;
  }
  return result + text.slice(at);
}
