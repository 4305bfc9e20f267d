import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Codes of what is only passed on to a program or belongs to lint, never to a person as an error. */
const NOT_ERRORS = new Set(['ENOTDIR', 'ENOTFILE']);

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !/\.test\.|testing\/|test-support/.test(file))
  .map((file) => readFileSync(join('src', file), 'utf8'));

/** `code: 'X'`, also where a condition chooses between two. */
const used = new Set(
  sources
    .flatMap((text) => [...text.matchAll(/\bcode: [^\n]*/g)].flatMap(([line]) => line.match(/'[A-Z][A-Z_]+'/g) ?? []))
    .map((quoted) => quoted.slice(1, -1))
    .filter((code) => !NOT_ERRORS.has(code)),
);
const documented = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^## (\w+)$/gm)].map(
  ([, code]) => code as string,
);

test('every error code is explained in docs/errors.md', () => {
  expect([...used].filter((code) => !documented.includes(code))).toEqual([]);
});

test('docs/errors.md explains no code that is gone, in the order of the alphabet', () => {
  expect(documented.filter((code) => !used.has(code))).toEqual([]);
  expect(documented).toEqual([...documented].sort());
});
