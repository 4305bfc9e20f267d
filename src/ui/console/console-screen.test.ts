import { describe, expect, test } from 'vitest';
import { ConsoleScreen } from './console-screen.js';

const lines = (screen: ConsoleScreen) =>
  Array.from({ length: screen.end - screen.first }, (_, index) => screen.text(screen.first + index));

/** Only styles are left of escape sequences. */
const SGR_ONLY = /^(?:[^\u0000-\u001F\u007F-\u009F]|\u001B\[[0-9;]*m)*$/u;

describe('a console is interpreted as a terminal', () => {
  test('text, cursor movement and overwriting', async () => {
    const screen = await ConsoleScreen.create(true);
    await screen.write('one\r\ntwo\rTWO\r\n\u001B[1Aup\r\n');
    expect(lines(screen)).toEqual(['one', 'upO', '']);
  });

  test('a sequence in two pieces, and UTF-8 in two pieces', async () => {
    const screen = await ConsoleScreen.create(true);
    const bytes = Buffer.from('grün \u001B[32mok\u001B[0m');
    await screen.write(bytes.subarray(0, 3));
    await screen.write(bytes.subarray(3, 8));
    await screen.write(bytes.subarray(8));
    expect(lines(screen)).toEqual(['grün ok']);
    expect(screen.styled(0)).toBe('grün \u001B[32mok\u001B[0m');
  });

  test('what SeaBIOS leaves switched on harms nothing', async () => {
    const screen = await ConsoleScreen.create(true);
    await screen.write(`\u001B[?7l\u001B[0;30;47mWelcome to GRUB!\r\n${'k'.repeat(200)}\r\n`);
    expect(screen.styled(0)).toBe('Welcome to GRUB!');
    await screen.write('\u001B[2J\u001B[Hblank');
    expect(screen.styled(0)).toBe('blank');
    await screen.write(`\u001B[2J\u001B[H\u001B[0;30;47mWelcome to GRUB!\r\n${'k'.repeat(200)}\r\n`);
    expect(screen.text(1) + screen.text(2)).toBe('k'.repeat(200));
  });

  test('without colours only what is not colour is kept', async () => {
    const screen = await ConsoleScreen.create(false);
    await screen.write('\u001B[1;31mbad\u001B[0m');
    expect(screen.styled(0)).toBe('\u001B[1mbad\u001B[0m');
  });

  test('clearing the screen clears it; the alternate screen goes and comes back', async () => {
    const screen = await ConsoleScreen.create(true);
    await screen.write('menu\u001B[2J\u001B[Hafter');
    expect(lines(screen)).toEqual(['after']);
    await screen.write('\u001B[?1049hfull\u001B[?1049l');
    expect(lines(screen)).toEqual(['after']);
  });

  test('numbers of lines stay while the scrollback drops old ones', async () => {
    const screen = await ConsoleScreen.create(true);
    for (let n = 0; n < 5000; n += 100) {
      await screen.write(Array.from({ length: 100 }, (_, k) => `line ${n + k}\r\n`).join(''));
    }
    expect(screen.end).toBe(5001);
    expect(screen.text(4999)).toBe('line 4999');
    expect(screen.first).toBeGreaterThan(2900);
    expect(screen.text(screen.first)).toBe(`line ${screen.first}`);
  });

  test('more than the whole scrollback at once still leaves whole lines', async () => {
    const screen = await ConsoleScreen.create(true);
    await screen.write(Array.from({ length: 9000 }, (_, n) => `line ${n}\r\n`).join(''));
    await screen.write(Array.from({ length: 9000 }, (_, n) => `more ${n}\r\n`).join(''));
    expect(screen.text(screen.end - 2)).toBe('more 8999');
    expect(screen.text(screen.first)).toMatch(/^more \d+$/);
  });

  test('no bytes of a guest ever reach the real terminal but as text and styles', async () => {
    const screen = await ConsoleScreen.create(true);
    let state = 42;
    const random = () => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return state >> 8;
    };
    const sequences = [
      '\u001B[6n',
      '\u001B]52;c;aGFjaw==\u0007',
      '\u001B[?1049h',
      '\u001B[?1049l',
      '\u001Bc',
      '\u001B[8;9;9t',
      '\u001BP',
      '\u202E',
      '\u001B[5;31;44m',
      '\r\n',
      '👩‍🚀',
      '\u001B[200~',
    ];
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(Array.from({ length: 200 }, () => random() % 256));
      const at = random() % 200;
      const wild = Buffer.from(sequences[random() % sequences.length] as string);
      await screen.write(Buffer.concat([bytes.subarray(0, at), wild, bytes.subarray(at)]));
      for (let number = screen.first; number < screen.end; number++) expect(screen.styled(number)).toMatch(SGR_ONLY);
      expect(screen.end).toBeGreaterThan(screen.first);
    }
  });
});
