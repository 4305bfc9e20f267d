import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatFault } from '../lint/format-fault.js';
import { lintLesson } from '../lint/lint-lesson.js';
import { FRONT } from '../test-support.js';
import { formatDuration } from './duration.js';
import { parseLesson } from './parse-lesson.js';

const parse = (body: string) => parseLesson(FRONT + body, 'demo.md');
const step = (body: string) => {
  const { lesson, faults } = parse(body);
  expect(faults.map(formatFault)).toEqual([]);
  return lesson?.steps[0];
};
const rules = (body: string) => parse(body).faults.map(({ rule }) => rule);

describe('steps', () => {
  test('prose and actions alternate in reading order, with positions', () => {
    const found = step(
      '## One {#one}\n\nBefore.\n\n```bash on=core-01 name=x timeout=90s retry=2 only=qemu,labos\nid\n```\nAfter.\n',
    );
    expect(found).toMatchObject({ id: 'one', title: 'One', position: { line: 9, column: 1 } });
    expect(found?.blocks).toEqual([
      { kind: 'prose', markdown: 'Before.' },
      {
        kind: 'action',
        action: {
          id: 'x',
          executor: 'bash',
          source: 'id',
          on: 'core-01',
          check: false,
          hidden: false,
          background: false,
          timeout: 90_000,
          retry: 2,
          only: ['qemu', 'labos'],
          position: { file: 'demo.md', line: 13, column: 1 },
        },
      },
      { kind: 'prose', markdown: 'After.' },
    ]);
  });

  test('names are made by executor and number', () => {
    const found = step(
      '## A {#a}\n```lab\nup\n```\n```bash on=host\na\n```\n```bash on=host name=b\nb\n```\n```bash on=host\nc\n```\n',
    );
    expect(found?.actions.map(({ id }) => id)).toEqual(['lab-1', 'bash-1', 'b', 'bash-3']);
  });

  test('notes and hints leave the prose; a code span and a code block keep theirs', () => {
    const found = step(
      '## A {#a}\nText `<!-- hint: span -->` <!-- hint: inline --> more.\n\n<!-- notes:\nTwo\n\nparagraphs\n-->\n\n```md\n<!-- hint: shown -->\n```\n<!-- only for authors -->\n',
    );
    expect(found?.hints).toEqual(['inline']);
    expect(found?.notes).toEqual(['Two\n\nparagraphs']);
    const [prose] = found?.blocks ?? [];
    expect(prose).toMatchObject({ kind: 'prose' });
    const markdown = prose?.kind === 'prose' ? prose.markdown : '';
    expect(markdown).toContain('`<!-- hint: span -->`');
    expect(markdown).toContain('<!-- hint: shown -->');
    expect(markdown).not.toMatch(/inline|paragraphs|authors/);
  });

  test('fences of tildes, with indentation, in longer fences, and with plain languages', () => {
    const found = step(
      '## A {#a}\n  ~~~bash on=host\n  a\n    b\n  ~~~\n\n````md\n```lab\nup\n```\n````\n\n```bash\nshown\n```\n\n```text\nx\n```\n',
    );
    expect(found?.actions).toHaveLength(1);
    expect(found?.actions[0]).toMatchObject({ source: 'a\n  b', position: { line: 10, column: 3 } });
  });

  test('a byte order mark, CRLF and tabs change nothing', () => {
    const body = '## A {#a}\n\nText.\n\n```bash on=host\n\tindented\n```\n';
    const plain = parse(body).lesson;
    const windows = parseLesson(`\uFEFF${(FRONT + body).replaceAll('\n', '\r\n')}`, 'demo.md');
    expect(windows.faults).toEqual([]);
    expect(windows.lesson).toEqual(plain);
    expect(plain?.steps[0]?.actions[0]?.source).toBe('\tindented');
  });

  test('the introduction keeps its notes', () => {
    const { lesson } = parse('Hello.\n\n<!-- notes: say hello -->\n\n## A {#a}\nx\n');
    expect(lesson).toMatchObject({ intro: 'Hello.', notes: ['say hello'] });
  });
});

describe('faults', () => {
  test.each([
    ['an unclosed fence', '## A {#a}\n```bash on=host\nx\n', ['unclosed-fence']],
    ['a fence in a list', '## A {#a}\n- x\n  ```lab\n  up\n  ```\n', ['nested-action']],
    ['a fence in a quote', '## A {#a}\n> ```bash on=host\n> x\n> ```\n', ['nested-action']],
    ['a fence indented like code', '## A {#a}\n\n\t```lab\n\tup\n\t```\n', ['indented-fence']],
    ['two backticks', '## A {#a}\n``bash on=host\nx\n``\n', ['broken-fence']],
    ['a block before the first step', '```lab\nup\n```\n\n## A {#a}\nx\n', ['action-outside-step']],
    ['a block that swallows the next', '## A {#a}\n```lab\nup\n\n```bash on=host\nx\n```\n', ['fence-in-fence']],
    ['a mistyped executor', '## A {#a}\n```lba\nup\n```\n', ['unknown-executor']],
    ['another shell', '## A {#a}\n```sh on=host\nx\n```\n', ['unknown-executor']],
    ['a check in bash', '## A {#a}\n```bash on=host check\nx\n```\n', ['check-without-bats']],
    ['a place without on=', '## A {#a}\n```bash host name=x\nx\n```\n', ['unknown-attribute', 'missing-on']],
    ['no place', '## A {#a}\n```bash name=x\nx\n```\n', ['missing-on']],
    ['an unclosed comment', '## A {#a}\n<!-- notes: x\n', ['comment-unclosed']],
    ['a bad id', '## A {#A b}\nx\n', ['step-id']],
    ['no id', '## A\nx\n', ['step-id-missing']],
    ['invalid bytes', '## A {#a}\n\uFFFD\n', ['encoding']],
    ['a NUL', '## A {#a}\n\u0000\n', ['control-character']],
    ['a list item of thousands of lines', `## A {#a}\n- x\n${'y\n'.repeat(3000)}`, ['block-too-long']],
    ['deep nesting', `## A {#a}\n${'>'.repeat(5000)}\n`, ['nested-too-deep']],
  ])('%s', (_, body, expected) => {
    expect(rules(body)).toEqual(expected);
  });

  test('prose that only speaks of blocks is no fault', () => {
    expect(rules('## A {#a}\n`bash on=host` runs here. `lab` too.\n\n```bash\nx\n```\n\n```bat\nx\n```\n')).toEqual([]);
  });

  test('attributes are reported at their own columns', () => {
    const text =
      '## A {#a}\n```bash on=host timout=5m timeout=soon retry=many only=kvm,qemu hidden=yes name="a b" name=ok on=host\nx\n```\n';
    const line = text.split('\n')[1] ?? '';
    const found = parse(text).faults.map(({ rule, column }) => [rule, line.slice(column - 1).split(/\s/)[0]]);
    expect(found).toEqual([
      ['unknown-attribute', 'timout=5m'],
      ['bad-timeout', 'soon'],
      ['bad-retry', 'many'],
      ['bad-only', 'kvm,qemu'],
      ['attribute-value', 'hidden=yes'],
      ['attribute-value', 'a'],
      ['attribute-twice', 'name=ok'],
      ['attribute-twice', 'on=host'],
    ]);
  });

  test('front matter: every fault at its key', () => {
    const text = '---\nid: My Lesson\ntitle: [a]\nsumary: x\nduration: 20\nrequires: sandbox\n---\n## A {#a}\nx\n';
    const { lesson, faults } = parseLesson(text, 'x.md');
    expect(lesson).toBeUndefined();
    expect(faults.map(({ rule, line, column }) => `${line}:${column} ${rule}`).sort()).toEqual([
      '1:1 front-matter-field',
      '2:5 front-matter-value',
      '3:8 front-matter-value',
      '4:1 front-matter-unknown-key',
      '5:11 front-matter-value',
      '6:11 front-matter-value',
    ]);
  });

  test('front matter that is missing, open, broken YAML or not a map', () => {
    const first = (text: string) => parseLesson(text, 'x.md').faults[0]?.rule;
    expect(first('## A {#a}\nx\n')).toBe('front-matter-missing');
    expect(first('---\nid: a\n\n## A {#a}\nx\n')).toBe('front-matter-unclosed');
    expect(first('---\nid: "a\n---\n## A {#a}\nx\n')).toBe('front-matter-yaml');
    expect(first('---\n- a\n---\n## A {#a}\nx\n')).toBe('front-matter-yaml');
    expect(first('')).toBe('front-matter-missing');
  });

  test('a file of any size ends in a fault, not in memory', () => {
    expect(parseLesson('x'.repeat(2_000_000), 'x.md').faults.map(({ rule }) => rule)).toEqual(['too-long']);
  });
});

/** Pieces that together make trouble more often than random characters do. */
const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '---\n',
      'id: a\n',
      'title: b\n',
      'duration: 5m\n',
      'requires: [a, &x b, *x]\n',
      '...\n',
    ),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '```',
      '~~~',
      '````',
      '``',
      '`',
      '\n',
      '\r\n',
      '\r',
      '\t',
      '    ',
      '> ',
      '- ',
      '1. ',
      '## ',
      '# ',
      '{#a}',
      '{#',
      '}',
      '<!-- ',
      'notes:',
      'hint: x',
      ' -->',
      '<details>\n',
      '@test "a" {\n',
      '| a | b |\n|---|---|\n',
      '[a]: b\n',
      'Title\n---\n',
      '\uFEFF',
      '\uFFFD',
      '\u0000',
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'lab',
      'bash',
      'bats',
      'lba',
      ' on=',
      'core-01',
      'host',
      ' check',
      ' name=',
      ' timeout=5m',
      ' timeout=x',
      ' retry=',
      ' only=qemu',
      ' only=,',
      '="',
      "='",
      'up core-01\n',
      'wait core-01 for ssh within 5m\n',
      'snapshot save x\n',
    ),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
);

test('any text gives a result and faults within the file', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), fc.boolean(), (pieces, front) => {
      const text = (front ? FRONT : '') + pieces.join('');
      const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
      const { lesson } = parseLesson(text, 'x.md');
      const faults = lintLesson(text, 'x.md', { machines: ['core-01'], lessons: ['b'] });
      const actions = lesson?.steps.flatMap((one) => one.actions.map((action) => action.position)) ?? [];
      for (const { line, column } of [...faults, ...actions]) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(column).toBeGreaterThanOrEqual(1);
        expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
      }
      for (const fault of faults) expect(formatFault(fault).split('\n')).toHaveLength(1);
    }),
    { numRuns: 2000 },
  );
});

test('every action stands where its position says', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
  const action = fc.record({
    executor: fc.constantFrom('bash', 'bats'),
    on: fc.constantFrom('host', 'core-01'),
    timeout: fc.option(fc.integer({ min: 1, max: 3_600_000 }), { nil: undefined }),
    retry: fc.integer({ min: 0, max: 100 }),
    hidden: fc.boolean(),
    source: fc.array(
      fc.constantFrom('echo a', '  indented', '\ttab', '# ## {#x}', '<!-- hint: x -->', "cat <<'E'", '', '> x', '- x'),
      { minLength: 1 },
    ),
    fence: fc.constantFrom('```', '~~~', '`````'),
  });
  const section = fc.record({
    title: word,
    prose: fc.array(word, { minLength: 1, maxLength: 4 }),
    actions: fc.array(action, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(section, { minLength: 1, maxLength: 5 }), fc.constantFrom('\n', '\r\n'), (sections, eol) => {
      const lines = FRONT.trimEnd().split('\n');
      const expected = sections.map(({ title, prose, actions }, index) => {
        lines.push('', `## ${title} {#s${index}}`, '', ...prose);
        return {
          id: `s${index}`,
          title,
          actions: actions.map(({ executor, on, timeout, retry, hidden, source, fence }, number) => {
            const time = timeout === undefined ? '' : ` timeout=${formatDuration(timeout)}`;
            const check = executor === 'bats' ? ' check' : '';
            lines.push(
              '',
              `${fence}${executor} on=${on} name=n${number}${time} retry=${retry}${check}${hidden ? ' hidden' : ''}`,
            );
            const position = { file: 'x.md', line: lines.length, column: 1 };
            lines.push(...source, fence);
            return {
              id: `n${number}`,
              executor,
              source: source.join('\n'),
              on,
              check: check !== '',
              hidden,
              background: false,
              ...(timeout === undefined ? {} : { timeout }),
              retry,
              only: [],
              position,
            };
          }),
        };
      });
      const { lesson, faults } = parseLesson(lines.join(eol), 'x.md');
      expect(faults).toEqual([]);
      expect(lesson?.steps.map(({ id, title, actions }) => ({ id, title, actions }))).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
