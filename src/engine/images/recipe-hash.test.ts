import { chmod, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createExec } from '../exec-process.js';
import { createEventBus } from '../state/event-bus.js';
import { labosRecipe } from './labos-recipe.js';
import { recipeHash } from './recipe-hash.js';

const exec = createExec(createEventBus());
let directory: string;
let recipe: string;
let cache: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'recipe hash '));
  recipe = join(directory, 'labos');
  cache = join(directory, 'cache');
  await mkdir(join(recipe, 'overlay', 'etc'), { recursive: true });
  for (const source of labosRecipe(directory).sources) await mkdir(source);
  await mkdir(cache);
  await writeFile(join(recipe, 'overlay', 'etc', 'motd'), 'hello\n');
  // Like the real script: a hash of the recipe's files, the version and its updates; `asked` counts how often it ran.
  await script(`echo x >> '${directory}/asked'
[ "$1 $2 $4" = '--hash --version --updates' ] || exit 64
{ cat '${recipe}/overlay/etc/motd'; echo "$3 $5"; } | sha256sum | cut -d' ' -f1`);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function script(text: string): Promise<void> {
  await writeFile(join(recipe, 'build'), `#!/bin/sh\n${text}\n`);
  await chmod(join(recipe, 'build'), 0o755);
}
const asked = async () => (await readFile(join(directory, 'asked'), 'utf8').catch(() => '')).length / 2;
const hash = (version = '1.0.0') => recipeHash(exec, labosRecipe(directory), version, cache);

test('is what the script says, and is asked for once', async () => {
  const first = await hash();
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(await hash()).toBe(first);
  expect(await asked()).toBe(1);
});

test('is asked for again when a file of the recipe changed in size or time, or another version is wanted', async () => {
  const first = await hash();
  await writeFile(join(recipe, 'overlay', 'etc', 'motd'), 'hello you\n');
  const second = await hash();
  expect(second).not.toBe(first);
  await utimes(join(recipe, 'overlay', 'etc', 'motd'), 1, 1);
  expect(await hash()).toBe(second);
  expect(await asked()).toBe(3);
  expect(await hash('2.0.0')).not.toBe(second);
  expect(await asked()).toBe(4);
});

test('a new file in a folder of the recipe counts, and one in a folder that it takes sources from', async () => {
  await hash();
  await writeFile(join(recipe, 'overlay', 'etc', 'issue'), '');
  await hash();
  expect(await asked()).toBe(2);
  await writeFile(join(directory, 'update-engine', 'main.go'), '');
  await hash();
  expect(await asked()).toBe(3);
});

test('a damaged memory is asked anew, and one that cannot be written is no fault', async () => {
  const first = await hash();
  await writeFile(join(cache, 'image-recipe-hash.json'), '{"state": 1}');
  expect(await hash()).toBe(first);
  await rm(cache, { recursive: true });
  expect(await hash()).toBe(first);
  expect(await asked()).toBe(3);
});

test.each([
  ['fails', 'echo "lib.sh: not found" >&2; exit 1'],
  ['says something else', 'echo "lib.sh: not found" >&2; echo hello'],
  ['says two things', 'echo "lib.sh: not found" >&2; echo; printf %064d 0; echo; printf %064d 0'],
])('a script that %s is an error that names the recipe, and nothing is remembered', async (_name, text) => {
  await script(text);
  await expect(hash()).rejects.toMatchObject({
    code: 'IMAGE_RECIPE',
    message: expect.stringContaining(`${recipe} cannot be read: lib.sh: not found`),
  });
  await expect(readFile(join(cache, 'image-recipe-hash.json'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['the folder', () => rm(recipe, { recursive: true })],
  ['the script', () => rm(join(recipe, 'build'))],
])('an incomplete installation without %s says so', async (_name, remove) => {
  await remove();
  await expect(hash()).rejects.toMatchObject({ code: 'IMAGE_RECIPE', remedy: [expect.stringContaining('again')] });
});

test('the real recipe has a hash, and another one for another version', async () => {
  const real = labosRecipe(join(import.meta.dirname, '../../../provision'));
  const one = await recipeHash(exec, real, '1.0.0', cache);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(await recipeHash(exec, real, '1.0.1', cache)).not.toBe(one);
});
