import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FRONT, MACHINES } from '../test-support.js';
import { formatFault } from './format-fault.js';
import { lintLesson } from './lint-lesson.js';

const options = { machines: MACHINES, lessons: ['sandbox', 'bootstrap', 'updates'] };
const lint = (body: string) => lintLesson(FRONT + body, 'demo.md', options).map(({ rule }) => rule);

test('a lesson with many faults has them all reported at once, each with its place and what to write', async () => {
  const text = await readFile('test/fixtures/lessons/broken.md', 'utf8');
  const report = `${lintLesson(text, 'broken.md', options).map(formatFault).join('\n')}\n`;
  await expect(report).toMatchFileSnapshot(join(process.cwd(), 'test/fixtures/lessons/broken.lint.txt'));
});

test.each(['01-up-the-sandbox.md', '02-bootstrap-with-mayu.md', '03-update-engine.md'])('%s is clean', async (name) => {
  const text = await readFile(join('lessons', name), 'utf8');
  expect(lintLesson(text, name, options).map(formatFault)).toEqual([]);
});

test('the examples of the format’s description are clean', async () => {
  const text = await readFile('docs/lesson-format.md', 'utf8');
  const [lesson, ...blocks] = [...text.matchAll(/^````markdown\n([\s\S]*?)^````$/gm)].map((match) => match[1] ?? '');
  expect(lintLesson(lesson ?? '', 'example.md', options).map(formatFault)).toEqual([]);
  expect(blocks.length).toBeGreaterThan(1);
  for (const block of blocks) expect(lint(`## A {#a}\n${block}`)).toEqual([]);
});

describe('rules', () => {
  test.each([
    ['no steps', 'Only text.\n', ['no-steps']],
    ['an empty step', '## A {#a}\n\n## B {#b}\nx\n', ['empty-step']],
    ['an empty block', '## A {#a}\n```bash on=host\n\n```\n', ['empty-action']],
    ['a block of comments', '## A {#a}\n```lab\n# up\n```\n', ['empty-action']],
    ['an unknown machine', '## A {#a}\n```bash on=core-04\nx\n```\n', ['unknown-machine']],
    ['an only= that says nothing', '## A {#a}\n```lab only=flatcar,labos\nup\n```\n', ['pointless-only']],
    ['an only= that never fits', '## A {#a}\n```lab only=xen\nup\n```\n', ['bad-only', 'unreachable-only']],
    [
      'two tests of one name',
      '## A {#a}\n```bats on=host check\n@test "x" { true; }\n@test "x" { true; }\n```\n',
      ['duplicate-test'],
    ],
  ])('%s', (_, body, rules) => {
    expect(lint(body)).toEqual(rules);
  });

  test('a machine that the lesson adds is known in all of it; any other is not', () => {
    const body = '## A {#a}\n```lab\nadd core-04\nup core-04\n```\n```bash on=core-04\nx\n```\n';
    expect(lint(`${body}\n## B {#b}\n\`\`\`lab\nremove core-04\nup core-05\n\`\`\`\n`)).toEqual(['unknown-machine']);
  });

  test('machine names are not checked when the lab is not known', () => {
    expect(lintLesson(`${FRONT}## A {#a}\n\`\`\`bash on=elsewhere\nx\n\`\`\`\n`, 'demo.md')).toEqual([]);
  });
});

test('a thousand steps are linted, and each of them', () => {
  const steps = Array.from(
    { length: 1000 },
    (_, n) => `## S ${n} {#s${n}}\n\n\`\`\`bash on=nowhere\necho ${n}\n\`\`\`\n`,
  );
  expect(lint(steps.join('\n'))).toEqual(Array.from({ length: 1000 }, () => 'unknown-machine'));
});
