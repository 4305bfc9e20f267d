import fc from 'fast-check';
import measure from 'string-width';
import { expect, test } from 'vitest';
import textWidth from './text-width.js';

test('every single character has the width that string-width gives it', () => {
  const different: string[] = [];
  for (let code = 0; code < 0x3000; code++) {
    const character = String.fromCodePoint(code);
    if (textWidth(character) !== measure(character)) different.push(code.toString(16));
  }
  expect(different).toEqual([]);
});

test('so has any text, the first time and when it is known', () => {
  const unit = fc.constantFrom('a', '─', '▶', '\ufe0f', '\u0301', '✓', '中', '👩‍👩‍👧', '\u001b[1m', '각', '\t');
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(unit).map((each) => each.join('')),
  );
  fc.assert(
    fc.property(text, (each) => {
      expect([textWidth(each), textWidth(each)]).toEqual([measure(each), measure(each)]);
    }),
  );
});

test('options reach string-width', () => {
  expect(textWidth('─', { ambiguousIsNarrow: false })).toBe(2);
});
