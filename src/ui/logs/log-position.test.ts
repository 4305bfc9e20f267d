import { describe, expect, test } from 'vitest';
import { createTheme } from '../theme/theme.js';
import { LogBuffer } from './log-buffer.js';
import { logLines } from './log-lines.js';
import { atEnd, countMatches, following, type LogPosition, nextMatch, scrolled, searched } from './log-position.js';

const theme = createTheme(false);
const room = { width: 20, height: 10 };

function lines(count: number, text = (n: number) => `line ${n}`): LogBuffer {
  const log = new LogBuffer();
  for (let n = 0; n < count; n++) log.append(`${text(n)}\n`);
  return log;
}
const look = (log: LogBuffer, position: LogPosition) => logLines(log, position, room, theme);

describe('following and scrolling', () => {
  test('the end is shown as it grows', () => {
    const log = lines(30);
    expect(look(log, atEnd).lines.at(-1)).toBe('line 29');
    log.append('line 30\n');
    expect(look(log, atEnd).lines).toHaveLength(10);
    expect(look(log, atEnd).lines.at(-1)).toBe('line 30');
  });

  test('scrolling up pauses: what is shown stays while lines come and old ones go', () => {
    const log = new LogBuffer(50);
    for (let n = 0; n < 50; n++) log.append(`line ${n}\n`);
    const paused = scrolled(atEnd, look(log, atEnd).page, log, -5, 'line');
    const before = look(log, paused).lines;
    expect(before[0]).toBe('line 35');
    log.append('more\n');
    expect(look(log, paused).lines).toEqual(before);
    for (let n = 0; n < 500; n++) log.append('more\n');
    expect(look(log, paused).page.top).toBe(log.first);
  });

  test('scrolling to the end follows again', () => {
    const log = lines(30);
    let position = scrolled(atEnd, look(log, atEnd).page, log, -1, 'page');
    expect(position.top).toBeDefined();
    position = scrolled(position, look(log, position).page, log, 1, 'page');
    expect(position.top).toBeUndefined();
    position = scrolled(position, look(log, position).page, log, -1, 'end');
    expect(look(log, position).lines[0]).toBe('line 0');
    expect(following(position).top).toBeUndefined();
  });

  test('a log shorter than the pane has nothing to scroll', () => {
    const log = lines(3);
    const position = scrolled(atEnd, look(log, atEnd).page, log, -1, 'page');
    expect(look(log, position).lines).toEqual(['line 0', 'line 1', 'line 2']);
  });

  test('wrapped lines fill the pane from the end, and none is lost', () => {
    const log = lines(30, (n) => `${n} ${'wide '.repeat(6)}`);
    const wrapped = { ...atEnd, wrap: true };
    const { lines: shown, page } = look(log, wrapped);
    expect(shown).toHaveLength(10);
    expect(shown.join(' ')).toContain('29 wide');
    expect(page.max).toBeGreaterThan(20);
    for (const line of shown) expect(line.length).toBeLessThanOrEqual(20);
  });
});

describe('searching', () => {
  const log = lines(200, (n) => (n % 50 === 0 ? `Needle ${n}` : `hay ${n}`));

  test('finds upwards from what is shown, whatever the case', () => {
    const found = searched(atEnd, look(log, atEnd).page, log, 'needle');
    expect(found.match).toBe(150);
    expect(look(log, found).lines).toContain('\u001B[7mNeedle\u001B[27m 150');
  });

  test('next and previous go around the end', () => {
    let position = searched(atEnd, look(log, atEnd).page, log, 'needle');
    const visited: (number | undefined)[] = [];
    for (let step = 0; step < 4; step++) {
      position = nextMatch(position, look(log, position).page, log, 1);
      visited.push(position.match);
    }
    expect(visited).toEqual([0, 50, 100, 150]);
    position = nextMatch(position, look(log, position).page, log, -1);
    expect(position.match).toBe(100);
  });

  test('says how many there are; nothing found moves nothing', () => {
    expect(countMatches(log, 'needle', 100)).toEqual({ total: 4, at: 3 });
    const none = searched(atEnd, look(log, atEnd).page, log, 'absent');
    expect(none).toEqual({ wrap: false, query: 'absent' });
    expect(look(log, none).lines).toEqual(look(log, atEnd).lines);
  });
});
