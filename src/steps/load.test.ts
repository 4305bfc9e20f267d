import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadLessons } from './load.js';
import { MACHINES } from './test-support.js';
import { contentHash, openTrustStore } from './trust.js';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lessons-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const lesson = (id: string, requires: string[] = []) =>
  `---\nid: ${id}\ntitle: ${id}\nsummary: x\nduration: 5m\nrequires: [${requires.join(', ')}]\n---\n\n## A {#a}\n\`\`\`bash on=host\ntrue\n\`\`\`\n`;

test('the lessons of the package load without a fault and are trusted', async () => {
  const { lessons, faults } = await loadLessons(['lessons'], {
    labMachines: MACHINES,
    packageDirectory: process.cwd(),
  });
  expect(faults).toEqual([]);
  expect(lessons.map(({ id, trusted }) => [id, trusted])).toEqual([
    ['sandbox', true],
    ['bootstrap', true],
    ['updates', true],
  ]);
});

test('files in the order of their names; others, twins and what cannot be read are told', async () => {
  await writeFile(join(root, '02-b.md'), lesson('b', ['a']));
  await writeFile(join(root, '01-a.md'), lesson('a', ['c']));
  await writeFile(join(root, '03-a.md'), lesson('a'));
  await writeFile(join(root, '04-bytes.md'), Buffer.from([0xff, 0xfe, 0x00, 0x41]));
  await writeFile(join(root, 'README.md'), '# About');
  await mkdir(join(root, '05-directory.md'));
  const { lessons, faults } = await loadLessons([root, join(root, 'missing'), join(root, '01-a.md')]);
  expect(lessons.map(({ id, file }) => [id, file.slice(root.length + 1)])).toEqual([
    ['a', '01-a.md'],
    ['b', '02-b.md'],
  ]);
  expect(faults.map(({ file, rule }) => `${file.slice(root.length + 1)} ${rule}`)).toEqual([
    'missing unreadable',
    '05-directory.md unreadable',
    '01-a.md unknown-lesson',
    '03-a.md duplicate-lesson-id',
    expect.stringMatching(/^04-bytes.md /),
    ...faults.slice(5).map(() => expect.stringMatching(/^04-bytes.md /)),
  ]);
});

test('lessons that require each other in a circle', async () => {
  await writeFile(join(root, 'a.md'), lesson('a', ['b']));
  await writeFile(join(root, 'b.md'), lesson('b', ['a']));
  const { faults } = await loadLessons([root]);
  expect(faults.map(({ rule }) => rule)).toEqual(['requires-circle', 'requires-circle']);
});

describe('trust', () => {
  test('is given to the content: a changed file asks again', async () => {
    const file = join(root, 'a.md');
    await writeFile(file, lesson('a'));
    const state = join(root, 'state');
    const trust = openTrustStore(state);
    const load = async () => (await loadLessons([file], { trust, packageDirectory: join(root, 'package') })).lessons[0];
    const first = await load();
    expect(first?.trusted).toBe(false);
    expect(first?.hash).toBe(contentHash(Buffer.from(lesson('a'))));
    await trust.add(first?.hash ?? '', file);
    expect((await load())?.trusted).toBe(true);
    expect((await stat(join(state, 'trusted-lessons.json'))).mode & 0o777).toBe(0o600);
    await writeFile(file, `${lesson('a')}\n`);
    expect((await load())?.trusted).toBe(false);
  });

  test('a link from the package to elsewhere is from elsewhere', async () => {
    await mkdir(join(root, 'package'));
    await writeFile(join(root, 'a.md'), lesson('a'));
    await symlink(join(root, 'a.md'), join(root, 'package', 'a.md'));
    const { lessons } = await loadLessons([join(root, 'package')], { packageDirectory: join(root, 'package') });
    expect(lessons[0]?.trusted).toBe(false);
  });

  test.each([
    ['damaged', '{"version":1,"lessons":', 0o600],
    ['of another version', '{"version":9,"lessons":{"abc":{}}}', 0o600],
    ['for everybody to write', '{"version":1,"lessons":{"abc":{}}}', 0o666],
  ])('a store that is %s trusts nothing, and can be used again', async (_, content, mode) => {
    const file = join(root, 'trusted-lessons.json');
    await writeFile(file, content);
    await (await import('node:fs/promises')).chmod(file, mode);
    const store = openTrustStore(root);
    expect(await store.has('abc')).toBe(false);
    await Promise.all([store.add('one', 'x.md'), store.add('two', 'y.md')]);
    expect([await store.has('one'), await store.has('two'), await store.has('abc')]).toEqual([true, true, false]);
  });

  test('a store that cannot be written says where', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(openTrustStore(join(root, 'file')).add('a', 'x.md')).rejects.toMatchObject({
      code: 'TRUST_NOT_SAVED',
    });
  });
});
