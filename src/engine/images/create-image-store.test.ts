import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LabEventBody } from '../events.js';
import { createExec } from '../exec-process.js';
import { createImageStore } from './create-image-store.js';
import type { CachedImage, ImageStore } from './image-store.js';
import { labosRecipe } from './labos-recipe.js';
import { sha256, writeImage } from './test-support.js';

const OWN = 'c0'.repeat(32);
let directory: string;
let cacheDirectory: string;
let recipe: string;
let events: LabEventBody[];
let store: ImageStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'image store '));
  cacheDirectory = join(directory, 'cache');
  recipe = join(directory, 'provision', 'labos');
  await mkdir(recipe, { recursive: true });
  await mkdir(cacheDirectory);
  await writeImage(join(directory, 'made'), { hash: OWN });
  events = [];
  const sink = { emit: (body: LabEventBody) => void events.push(body) };
  const provisionDirectory = join(directory, 'provision');
  for (const source of labosRecipe(provisionDirectory).sources) await mkdir(source);
  store = createImageStore({ exec: createExec(sink), events: sink, cacheDirectory, provisionDirectory });
  await script('cp -r "$made" "$target"');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A recipe that works as provision/labos/build does: --hash says the key, --out DIR makes the image and tells its steps. */
async function script(work: string): Promise<void> {
  const text = `#!/bin/sh
case "$*" in '--hash --version 1.0.0 --updates 1.1.0,1.2.0' | '--hash --version 2.0.0 --updates 2.1.0,2.2.0') echo ${OWN}; exit ;; esac
[ "$1 $3 $5 $7 $8" = '--out --cache --version --updates 1.1.0,1.2.0' ] || exit 64
target=$2 made='${join(directory, 'made')}' builds='${join(directory, 'builds')}'
echo "$6" >> "$builds"
${work}
`;
  await writeFile(join(recipe, 'build'), text);
  await chmod(join(recipe, 'build'), 0o755);
}
const builds = async () =>
  (await readFile(join(directory, 'builds'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

/** An archive of an image directory, and its checksum. */
async function pack(image: string): Promise<{ archive: string; checksum: string }> {
  const archive = join(directory, 'image.tar');
  const packed = await createExec({ emit: () => {} }).run('tar', ['-C', image, '-cf', archive, '.']);
  expect(packed.exitCode).toBe(0);
  return { archive, checksum: sha256(await readFile(archive)) };
}
const place = (name: string, version: string, hash: string) =>
  join(cacheDirectory, 'images', name, `${version}-${hash.slice(0, 12)}`);

describe('building', () => {
  test('makes the image where the recipe’s hash says, and it is found from then on', async () => {
    expect(await store.find('labos', '1.0.0')).toBeUndefined();
    const image = await store.build('labos', '1.0.0');
    expect(image).toMatchObject({ directory: place('labos', '1.0.0', OWN), hash: OWN, version: '1.0.0' });
    expect(await store.find('labos', '1.0.0')).toEqual(image);
    const [listed, ...more] = await store.list();
    expect(image).toMatchObject(listed as CachedImage);
    expect(more).toEqual([]);
    expect(await store.find('labos', '2.0.0')).toBeUndefined();
    expect(await store.find('flatcar', '1.0.0')).toBeUndefined();
  });

  test('is done once, and again for an image that is not whole any more', async () => {
    const { disk, directory: made } = await store.build('labos', '1.0.0');
    await store.build('labos', '1.0.0');
    expect(await builds()).toEqual(['1.0.0']);
    await rm(disk);
    expect(await store.find('labos', '1.0.0')).toBeUndefined();
    await script('rm -rf "$target"; cp -r "$made" "$target"');
    expect(await store.build('labos', '1.0.0')).toMatchObject({ directory: made });
    expect(await builds()).toEqual(['1.0.0', '1.0.0']);
  });

  test('tells how far it is, over all steps, and keeps the log', async () => {
    await script(`
sleep 0.4; echo '{"step":"packages","label":"packages","percent":50}'; sleep 0.4
printf '{"step":"disk","label":'; sleep 0.05; echo '"disk image","percent":100}'; echo 'no json'; sleep 0.4
echo 'a word for the log' >&2
cp -r "$made" "$target"`);
    await store.build('labos', '1.0.0');
    const progress = events.filter((event) => event.type === 'progress');
    expect(progress.map(({ label, done }) => [label, done])).toEqual([
      ['Build the Lab OS 1.0.0', 0],
      ['Build the Lab OS 1.0.0: packages', 20],
      ['Build the Lab OS 1.0.0: disk image', 96],
      ['Build the Lab OS 1.0.0', 100],
    ]);
    expect(progress.at(-1)).toMatchObject({ unit: 'percent', total: 100, finished: true });
    await expect
      .poll(() => readFile(join(cacheDirectory, 'image-build.log'), 'utf8'), { timeout: 5000 })
      .toBe('a word for the log\n');
  });

  test.each([
    ['a host that cannot', 'echo "needs mkfs.ext4" >&2; echo "install e2fsprogs" >&2; exit 2', 'IMAGE_HOST', 2],
    ['a full disk', 'echo "cp: No space left on device" >&2; exit 1', 'DISK_FULL', 1],
    ['a fault', 'echo "E: no mirror" >&2; exit 1', 'IMAGE_BUILD', 1],
    ['a build that was killed', 'kill -9 $$', 'IMAGE_BUILD', 1],
    ['a build that made nothing', 'true', 'IMAGE_BUILD', 1],
  ])('%s is said, and no image is found', async (_name, work, code, exitCode) => {
    await script(work);
    await expect(store.build('labos', '1.0.0')).rejects.toMatchObject({ code, exitCode });
    expect(await store.find('labos', '1.0.0')).toBeUndefined();
    expect(await store.list()).toEqual([]);
  });

  test('shows the last lines of a build that failed, without colours', async () => {
    await script('seq 30 >&2; printf "\\033[31mE: no mirror\\033[0m\\n\\n" >&2; exit 1');
    const error = await store.build('labos', '1.0.0').catch((reason) => reason);
    expect(error.evidence).toHaveLength(12);
    expect(error.evidence.at(-1)).toBe('E: no mirror');
    expect(error.remedy.join()).toContain(join(cacheDirectory, 'image-build.log'));
  });

  test('is cancelled by an abort', async () => {
    await script('sleep 60');
    const stop = new AbortController();
    const going = store.build('labos', '1.0.0', { signal: stop.signal });
    await expect.poll(builds, { timeout: 5000 }).toEqual(['1.0.0']);
    stop.abort(new DOMException('cancelled', 'AbortError'));
    await expect(going).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('fetching', () => {
  test('takes an archive under the name that its manifest says, and leaves nothing else', async () => {
    await writeImage(join(directory, 'other'), { name: 'flatcar', version: '4081.2.0', hash: 'ee'.repeat(32) });
    const { archive, checksum } = await pack(join(directory, 'other'));
    const image = await store.fetch(archive, checksum.toUpperCase());
    expect(image.directory).toBe(place('flatcar', '4081.2.0', 'ee'.repeat(32)));
    expect(await readFile(join(image.directory, 'flatcar_production_pxe.vmlinuz'), 'utf8')).toBe('kernel');
    expect(await store.find('flatcar', '4081.2.0')).toMatchObject(image);
    expect(await readdir(join(cacheDirectory, 'images'))).toEqual(['flatcar']);
    expect(await readdir(join(cacheDirectory, 'downloads'))).toEqual([]);
    await expect(readFile(archive)).resolves.toBeDefined();
  });

  test('again replaces what is damaged', async () => {
    const { archive, checksum } = await pack(join(directory, 'made'));
    const image = await store.fetch(archive, checksum);
    const kernel = join(image.directory, 'flatcar_production_pxe.vmlinuz');
    await writeFile(kernel, 'damaged, and longer');
    expect(await store.find('labos', '1.0.0')).toBeUndefined();
    expect(await store.fetch(archive, checksum)).toEqual(image);
    expect(await readFile(kernel, 'utf8')).toBe('kernel');
  });

  test('comes second to what this program builds itself', async () => {
    await writeImage(join(directory, 'other'), { hash: 'ff'.repeat(32) });
    const { archive, checksum } = await pack(join(directory, 'other'));
    const fetched = await store.fetch(archive, checksum);
    expect(await store.find('labos', '1.0.0')).toMatchObject(fetched);
    const own = await store.build('labos', '1.0.0');
    expect(await store.find('labos', '1.0.0')).toEqual(own);
    expect((await store.list()).map(({ hash }) => hash)).toEqual([OWN, 'ff'.repeat(32)]);
  });

  test.each(['', 'abc', `${'0'.repeat(63)}g`, ` ${'0'.repeat(64)}`])('refuses the checksum %j', async (checksum) => {
    const { archive } = await pack(join(directory, 'made'));
    await expect(store.fetch(archive, checksum)).rejects.toMatchObject({ code: 'CHECKSUM_FORMAT', exitCode: 2 });
    expect(await readdir(cacheDirectory)).toEqual([]);
  });

  test('of the wrong file or of no image leaves nothing behind', async () => {
    const { archive } = await pack(join(directory, 'made'));
    await expect(store.fetch(archive, '0'.repeat(64))).rejects.toMatchObject({ code: 'CHECKSUM_WRONG' });
    await writeFile(archive, 'no archive');
    await expect(store.fetch(archive, sha256('no archive'))).rejects.toMatchObject({ code: 'IMAGE_ARCHIVE' });
    expect(await store.list()).toEqual([]);
    expect(await readdir(join(cacheDirectory, 'downloads'))).toEqual([]);
    expect(await readdir(join(cacheDirectory, 'images')).catch(() => [])).toEqual([]);
  });
});

test('a removed image is gone, others stay; foreign folders are no images', async () => {
  const own = await store.build('labos', '1.0.0');
  const copy = place('labos', '1.0.0', 'dd'.repeat(32));
  await cp(own.directory, copy, { recursive: true });
  await mkdir(join(cacheDirectory, 'images', 'labos', 'foreign'));
  expect((await store.list()).map((image) => image.directory)).toEqual([own.directory, copy]);
  await store.remove(own);
  expect((await store.list()).map((image) => image.directory)).toEqual([copy]);
});
