import stripAnsi from 'strip-ansi';
import { expect, test } from 'vitest';
import { width } from '../theme/text.js';
import { createTheme } from '../theme/theme.js';
import { createMarkdown } from './markdown.js';

const text = `
# Title

Some **bold**, *em* and \`code: with colon\` and a [link](https://example.org/a/b) in a
paragraph that is long enough to be wrapped.

1. first item that is long enough to be wrapped into two lines
2. second
   - nested *item*

> quoted & <b>html</b> &amp; entity

| here | in plain tools |
| --- | --- |
| \`lab up\` | \`qemu-img create\`, \`qemu-system-x86_64\`, then \`ssh\` until it answers |

\`\`\`text
 ┌────┐ a picture wider than the pane is cut, not wrapped ──────────────────┐
\`\`\`

---
\u001B[31mescape\u0007
`;

for (const color of [true, false]) {
  for (const columns of [10, 30, 54, 100]) {
    test(`fits ${columns} columns, color ${color}`, () => {
      const lines = createMarkdown(createTheme(color))(text, columns);
      expect(lines.filter((line) => width(line) > columns)).toEqual([]);
      expect(lines.join('')).not.toMatch(/\u0007|\u001B\[31m/);
      if (!color) expect(lines.join('')).not.toMatch(/\u001B\[(3[0-7]|9[0-7])m/);
    });
  }
}

test('what it looks like', () => {
  const lines = createMarkdown(createTheme(true))(text, 54).map(stripAnsi);
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "Title

    Some bold, em and code: with colon and a link
    (https://example.org/a/b) in a paragraph that is long
    enough to be wrapped.

    1. first item that is long enough to be wrapped into
       two lines
    2. second
       • nested item

    │ quoted & html & entity

    here    in plain tools
    ──────  ──────────────────────────────────────────────
    lab up  qemu-img create, qemu-system-x86_64, then ssh
            until it answers

       ┌────┐ a picture wider than the pane is cut, not w…

    ────────────────────────

    escape"
  `);
});
