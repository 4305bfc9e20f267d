import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LabEventBody } from '../events.js';
import { createExec } from '../exec-process.js';
import { sha256 } from '../images/test-support.js';
import { containerRecipes } from './container-recipes.js';
import type { ContainerStore } from './container-store.js';
import { createContainerStore } from './create-container-store.js';

const OWN = 'c0'.repeat(32);
let directory: string;
let cache: string;
let events: LabEventBody[];
let store: ContainerStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'container store '));
  cache = join(directory, 'cache');
  await mkdir(join(directory, 'provision', 'mayu', 'image'), { recursive: true });
  await mkdir(cache);
  events = [];
  const sink = { emit: (body: LabEventBody) => void events.push(body) };
  const provisionDirectory = join(directory, 'provision');
  for (const folder of ['lib', 'labos']) await mkdir(join(provisionDirectory, folder), { recursive: true });
  const recipe = containerRecipes(provisionDirectory).mayu;
  store = createContainerStore({ exec: createExec(sink), events: sink, cacheDirectory: cache, recipe });
  const files = [{ name: 'mayu.tar.zst', size: 7, sha256: sha256('content') }];
  const manifest = JSON.stringify({ name: 'mayu', version: '1.3.0', hash: OWN, files });
  await script(`echo '{"step":"go","index":1,"steps":4,"label":"Build Mayu","percent":50}'
mkdir -p "$2"; printf content > "$2/mayu.tar.zst"; echo '${manifest}' > "$2/manifest.json"`);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function script(work: string): Promise<void> {
  const build = join(directory, 'provision', 'mayu', 'image', 'build');
  await writeFile(
    build,
    `#!/bin/sh
if [ "$1" = --hash ]; then echo ${OWN}; exit; fi
[ "$1 $3 $5" = '--out --cache --version' ] || exit 64
echo x >> '${directory}/builds'
${work}
`,
  );
  await chmod(build, 0o755);
}

test('builds once, tells how far it is, and again when the archive is not whole', async () => {
  expect(await store.find('1.3.0')).toBeUndefined();
  const archive = await store.build('1.3.0');
  expect(archive).toEqual({
    name: 'mayu',
    version: '1.3.0',
    hash: OWN,
    file: join(cache, 'containers', 'mayu', '1.3.0-c0c0c0c0c0c0', 'mayu.tar.zst'),
    bytes: 7,
    sha256: sha256('content'),
  });
  expect(events.filter(({ type }) => type === 'progress')).toContainEqual(
    expect.objectContaining({ label: "Build Mayu's container image 1.3.0", finished: true }),
  );
  expect(await store.build('1.3.0')).toEqual(archive);
  expect(await store.find('1.3.0')).toEqual(archive);
  expect(await store.find('1.2.0')).toBeUndefined();
  await writeFile(archive.file, 'cont');
  expect(await store.find('1.3.0')).toBeUndefined();
  await store.build('1.3.0');
  expect(await readFile(join(directory, 'builds'), 'utf8')).toBe('x\nx\n');
});

test('says what this computer lacks, in the words of the recipe', async () => {
  await script('echo "Go is missing." >&2; echo "Install it: sudo apt-get install golang-go" >&2; exit 2');
  await expect(store.build('1.3.0')).rejects.toMatchObject({
    code: 'IMAGE_HOST',
    message: 'Go is missing.',
    remedy: ['Install it: sudo apt-get install golang-go', expect.stringContaining('coreos-lab setup')],
    exitCode: 2,
  });
  await script('exit 3');
  await expect(store.build('1.3.0')).rejects.toMatchObject({
    code: 'IMAGE_BUILD',
    message: "Mayu's container image could not be built (exit code 3).",
    remedy: [expect.stringContaining('mayu-build.log'), expect.anything()],
  });
});

test('takes an archive from elsewhere if it is the one that was meant', async () => {
  const source = join(directory, 'elsewhere.tar');
  await writeFile(source, 'saved');
  await expect(store.fetch('1.3.0', source, '1234')).rejects.toMatchObject({ code: 'CHECKSUM_FORMAT' });
  await expect(store.fetch('1.3.0', source, OWN)).rejects.toMatchObject({ code: 'CHECKSUM_WRONG' });
  expect(await store.find('1.3.0')).toBeUndefined();
  const archive = await store.fetch('1.3.0', source, sha256('saved').toUpperCase());
  expect(archive).toMatchObject({ version: '1.3.0', sha256: sha256('saved'), bytes: 5 });
  expect(await store.find('1.3.0')).toEqual(archive);
  expect(await readFile(archive.file, 'utf8')).toBe('saved');
  // What is built here comes first.
  expect((await store.build('1.3.0')).hash).toBe(OWN);
  expect((await store.find('1.3.0'))?.hash).toBe(OWN);
  expect(await readdir(join(cache, 'downloads'))).toEqual([]);
});
