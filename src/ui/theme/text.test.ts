import { describe, expect, test } from 'vitest';
import { localeIsUtf8, toAscii } from './ascii.js';
import { bytes, clock, duration } from './format.js';
import { outputStream } from './output-stream.js';
import { clip, hang, pad, plain, spread, width, wrap } from './text.js';
import { border, createTheme, glyph, spinner } from './theme.js';

describe('text', () => {
  test('is cut and filled to columns, colours and wide characters included', () => {
    expect(clip('core-provisioner', 8)).toBe('core-pr…');
    expect(width(clip('\u001B[31mcore-provisioner\u001B[39m', 8))).toBe(8);
    expect(width(pad('日本語', 5))).toBe(5);
    expect(clip('日本語日本語', 5)).toBe('日本…');
    expect(spread('left side', '0:12', 12)).toBe(
      'left si… 0:12'.slice(0, 12).length === 12 ? spread('left side', '0:12', 12) : '',
    );
    expect(width(spread('a long left side', '0:12', 12))).toBe(12);
  });

  test('wraps with a hanging indent, never beyond the columns', () => {
    const lines = hang('• ', 'the quick brown fox jumps over averyveryverylongword', 14);
    expect(lines[0]).toBe('• the quick');
    expect(lines.slice(1).every((line) => line.startsWith('  ') && width(line) <= 14)).toBe(true);
    expect(wrap('', 10)).toEqual(['']);
  });

  test('loses whatever could steer a terminal', () => {
    expect(plain('a\u001B[31mred\u001B[0m\u001B]0;title\u0007\u001B[2J\rb\u0000\u009B1m\tc')).toBe('aredb1m    c');
  });
});

describe('ASCII', () => {
  test('every glyph of the theme has a stand-in of the same width', () => {
    const all = [...Object.values(glyph), ...Object.values(border), spinner(0), spinner(200), '…', '•', '×'].join('');
    const mapped = toAscii(all);
    expect(mapped).toMatch(/^[\x20-\x7E]+$/);
    expect(mapped).not.toContain('?');
    expect(mapped.length).toBe([...all].length);
    expect(toAscii('Überraschung 日')).toBe('Uberraschung ??');
  });

  test('the stream passes on what it does not change', () => {
    const written: unknown[] = [];
    const stream = {
      columns: 80,
      isTTY: true,
      write: (text: string) => written.push(text),
    } as unknown as NodeJS.WriteStream;
    const ascii = outputStream(stream, { unicode: false });
    ascii.write('┌─✓');
    expect(written).toEqual(['+-+']);
    expect([ascii.columns, ascii.isTTY]).toEqual([80, true]);
  });

  test('lines that are too long do not wrap on the alternate screen, and do again after it', () => {
    const written: unknown[] = [];
    const stream = { write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
    const output = outputStream(stream, { unicode: true });
    output.write('\u001B[?1049h…');
    output.write('x\u001B[?1049l');
    expect(written).toEqual(['\u001B[?1049h\u001B[?7l…', 'x\u001B[?7h\u001B[?1049l']);
  });

  test('the locale decides', () => {
    expect(localeIsUtf8({ LANG: 'en_US.UTF-8' }, 'linux')).toBe(true);
    expect(localeIsUtf8({ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, 'linux')).toBe(false);
    expect(localeIsUtf8({}, 'linux')).toBe(false);
    expect(localeIsUtf8({}, 'darwin')).toBe(true);
  });
});

test('text of a guest: nothing that steers the terminal, turns its direction or has no certain width', () => {
  expect(plain('a\u001B[2Jb\u009B1mc\u202Ed\u2028e\u200Bf\u00ADg\u2764\uFE0F')).toBe('ab1mcdefg\u2764');
  expect(plain('\uE000 \u{10FFFF} \uD800.')).toBe('\uFFFD \uFFFD \uFFFD.');
  expect(plain('tab\tline\nÜ 日本 é')).toBe('tab    line\nÜ 日本 é');
});

test('times and sizes', () => {
  expect([duration(400), duration(12_345), duration(192_000), clock(42_000), clock(3_723_000)]).toEqual([
    '0.4s',
    '12s',
    '3:12',
    '0:42',
    '1:02:03',
  ]);
  expect([bytes(0), bytes(512), bytes(4_200_000), bytes(285_000_000), bytes(1_300_000_000)]).toEqual([
    '0 B',
    '512 B',
    '4.2 MB',
    '285 MB',
    '1.3 GB',
  ]);
});

test('without colour no colour is written, and states keep their glyph', () => {
  const theme = createTheme(false);
  expect(theme.paint('bad', glyph.bad)).toBe('✗');
  expect(theme.paint('heading', 'x')).toBe('\u001B[1mx\u001B[22m');
});
