import type { LogSource } from './log-source.js';

/** Where a log is looked at. Line numbers are those of its LogSource. */
export interface LogPosition {
  /** First line shown; undefined = the end, as it grows. */
  top?: number;
  wrap: boolean;
  /** What is searched for; matches are marked. */
  query?: string;
  /** Line of the match that was jumped to. */
  match?: number;
}

export const atEnd: LogPosition = { wrap: false };

/** What the pane last drew: its first line, lines on a page, and the last possible first line. */
export interface LogPage {
  top: number;
  size: number;
  max: number;
}

/** Scrolls; reaching the end follows again. */
export function scrolled(
  position: LogPosition,
  page: LogPage,
  source: LogSource,
  by: number,
  unit: 'line' | 'page' | 'end',
): LogPosition {
  const from = position.top === undefined ? page.max : Math.max(source.first, page.top);
  const step = unit === 'page' ? Math.max(1, page.size - 1) : 1;
  const to = unit === 'end' ? (by < 0 ? source.first : page.max) : from + by * step;
  return to >= page.max && by > 0 ? following(position) : { ...position, top: Math.max(source.first, to) };
}

export function following(position: LogPosition): LogPosition {
  const { top: _top, match: _match, ...rest } = position;
  return rest;
}

/** Without the search; what is shown stays where it is. */
export function withoutSearch(position: LogPosition): LogPosition {
  const { query: _query, match: _match, ...rest } = position;
  return rest;
}

export const contains = (text: string, query: string) => text.toLowerCase().includes(query.toLowerCase());

/** Number of lines with the query, and how many of them come before or at `line`. */
export function countMatches(source: LogSource, query: string, line: number): { total: number; at: number } {
  let total = 0;
  let at = 0;
  for (let number = source.first; number < source.end; number++) {
    if (!contains(source.text(number), query)) continue;
    total++;
    if (number <= line) at++;
  }
  return { total, at };
}

/** The nearest line with the query from `from` on in a direction, around the end; undefined when there is none. */
export function findMatch(source: LogSource, query: string, from: number, by: 1 | -1): number | undefined {
  const count = source.end - source.first;
  for (let step = 0; step < count; step++) {
    const offset = (((from - source.first + by * step) % count) + count) % count;
    if (contains(source.text(source.first + offset), query)) return source.first + offset;
  }
  return undefined;
}

/** Looks for a query, upwards from the newest line that is shown, and puts the match in the middle of the page. */
export function searched(position: LogPosition, page: LogPage, source: LogSource, query: string): LogPosition {
  if (query === '') return withoutSearch(position);
  const from = Math.min(source.end - 1, position.match ?? page.top + page.size - 1);
  return jump({ ...position, query }, page, source, findMatch(source, query, from, -1));
}

/** The next match downwards (1) or upwards (-1). */
export function nextMatch(position: LogPosition, page: LogPage, source: LogSource, by: 1 | -1): LogPosition {
  const { query } = position;
  if (query === undefined) return position;
  const from = (position.match ?? page.top + page.size) + by;
  return jump(position, page, source, findMatch(source, query, from, by));
}

function jump(position: LogPosition, page: LogPage, source: LogSource, match: number | undefined): LogPosition {
  if (match === undefined) {
    const { match: _match, ...rest } = position;
    return rest;
  }
  if (match >= page.top && match < page.top + page.size) return { ...position, match, top: page.top };
  const top = Math.max(source.first, Math.min(page.max, match - Math.floor(page.size / 2)));
  return { ...position, match, top };
}
