import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PrivateKey } from 'openpgp';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LabEventBody } from '../../events.js';
import { createExec } from '../../exec-process.js';
import { createImageStore } from '../create-image-store.js';
import type { ArtefactName } from '../image-definition.js';
import type { ImageStore } from '../image-store.js';
import { sha256 } from '../test-support.js';
import {
  clearSign,
  digestList,
  type Mirror,
  MirrorServer,
  makeMirror,
  publishedFrom,
  publisherKey,
  updateKeyPair,
} from './test-support.js';

const VERSION = '4757.2.0';
const KERNEL = 'flatcar_production_pxe.vmlinuz';
const INITRD = 'flatcar_production_pxe_image.cpio.gz';
const DISK = 'flatcar_production_qemu_image.img';
const INSTALL = 'flatcar_production_image.bin.bz2';
const UPDATE = 'flatcar_production_update.gz';
const unpackedVmdk = randomBytes(40_000);

let key: PrivateKey;
let packed: Buffer;
const { publicKey, privateKey } = updateKeyPair();
const exec = createExec({ emit: () => {} });

let directory: string;
let cacheDirectory: string;
let provider: 'qemu' | 'virtualbox';
let mirror: Mirror;
let server: MirrorServer;
let url: string;
let events: LabEventBody[];
let store: ImageStore;

beforeAll(async () => {
  key = await publisherKey();
  const folder = await mkdtemp(join(tmpdir(), 'bz2-'));
  await writeFile(join(folder, 'disk'), unpackedVmdk);
  expect((await exec.run('bzip2', [join(folder, 'disk')])).exitCode).toBe(0);
  packed = await readFile(join(folder, 'disk.bz2'));
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'release-'));
  cacheDirectory = join(directory, 'cache');
  provider = 'qemu';
  events = [];
  await mkdir(cacheDirectory);
  mirror = await makeMirror(join(directory, 'mirror'), {
    version: VERSION,
    channel: 'stable',
    key,
    updateKey: privateKey,
    packed,
  });
  await writeKeys(mirror.directory);
  server = new MirrorServer(mirror.directory);
  url = await server.listen();
  store = makeStore();
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function writeKeys(folder: string, armored = key.toPublic().armor()): Promise<void> {
  await writeFile(join(folder, 'Flatcar_Image_Signing_Key.asc'), armored);
  await writeFile(join(folder, 'official-v2.pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
}

function makeStore(fingerprint = key.getFingerprint()): ImageStore {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const definition = publishedFrom(join(directory, 'nowhere'), { fingerprint, updateKey: sha256(der) });
  const sink = { emit: (body: LabEventBody) => void events.push(body) };
  return createImageStore({
    exec,
    events: sink,
    cacheDirectory,
    provisionDirectory: join(directory, 'provision'),
    provider: () => provider,
    definitions: () => definition,
  });
}

const fetchIt = (options: { artefacts?: ArtefactName[]; signal?: AbortSignal; mirror?: string } = {}) =>
  store.release('flatcar', VERSION, { mirror: url, ...options });
const named = async () =>
  (
    await readdir(join(cacheDirectory, 'images', 'flatcar', `${VERSION}-${key.getFingerprint().slice(0, 12)}`)).catch(
      () => [],
    )
  ).sort();
const downloads = async () => readdir(join(cacheDirectory, 'downloads')).catch(() => []);
/** Fails as said, and nothing of that name is there to be used. */
async function refuses(going: Promise<unknown>, code: string, message: RegExp, without: string): Promise<void> {
  await expect(going).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect(await named()).not.toContain(without);
  expect(await store.find('flatcar', VERSION)).toBeUndefined();
}

describe('a release', () => {
  test('comes with what this hypervisor starts machines from, each file what it was signed as', async () => {
    const image = await fetchIt();
    expect(image).toMatchObject({
      name: 'flatcar',
      version: VERSION,
      artefacts: ['kernel', 'initrd', 'qemu', 'install'],
    });
    expect(await named()).toEqual([KERNEL, INITRD, DISK, INSTALL, 'manifest.json'].sort());
    const found = await store.find('flatcar', VERSION);
    for (const [path, name] of [
      [found?.kernel, KERNEL],
      [found?.initrd, INITRD],
      [found?.disk, DISK],
    ] as const)
      expect((await readFile(path ?? '')).equals(mirror.contents.get(name) as Buffer)).toBe(true);
    expect(await store.list()).toEqual([image]);
    expect(await downloads()).toEqual([]);
    const progress = events.filter((event) => event.type === 'progress' && event.finished);
    expect(progress).toHaveLength(4);
  });

  test('is asked for its proofs before anything large', async () => {
    await fetchIt();
    const large = server.requests.findIndex((path) =>
      [KERNEL, INITRD, DISK, INSTALL].some((name) => path.endsWith(name)),
    );
    const proofs = server.requests.map((path, index) => (path.endsWith('.asc') ? index : -1));
    expect(Math.max(...proofs)).toBeLessThan(large);
    expect(server.requests.filter((path) => path.includes('Signing_Key'))).toHaveLength(1);
  });

  test('that is here is not fetched again; what is missing of it is', async () => {
    await fetchIt();
    server.requests.length = 0;
    await fetchIt();
    expect(server.requests).toEqual([]);
    const image = await fetchIt({ artefacts: ['kernel', 'update'] });
    expect(image.artefacts).toEqual(['kernel', 'initrd', 'qemu', 'install', 'update']);
    expect(server.requests.some((path) => path.endsWith(KERNEL))).toBe(false);
    const update = await readFile(join(image.directory, UPDATE));
    expect(update.equals(mirror.contents.get(UPDATE) as Buffer)).toBe(true);
  });

  test('for VirtualBox has a disk of its own, unpacked', async () => {
    provider = 'virtualbox';
    await fetchIt();
    const found = await store.find('flatcar', VERSION);
    expect(found?.disk).toMatch(/flatcar_production_virtualbox_image\.vmdk$/);
    expect((await readFile(found?.disk ?? '')).equals(unpackedVmdk)).toBe(true);
    expect(await downloads()).toEqual([]);
    provider = 'qemu';
    expect(await store.find('flatcar', VERSION)).toBeUndefined();
  });

  test('that cannot run on VirtualBox is refused before anything is fetched', async () => {
    provider = 'virtualbox';
    const going = store.release('flatcar', '4593.2.5', { mirror: url });
    await expect(going).rejects.toMatchObject({ code: 'IMAGE_UNSUITABLE', message: expect.stringContaining('4757') });
    expect(server.requests).toEqual([]);
  });

  test('comes from a directory as well', async () => {
    await fetchIt({
      mirror: mirror.directory,
      artefacts: ['kernel', 'initrd', 'qemu', 'virtualbox', 'install', 'update'],
    });
    expect((await store.list())[0]?.artefacts).toHaveLength(6);
    expect(server.requests).toEqual([]);
  });

  test('of the Lab OS there is not', async () => {
    const sink = { emit: () => {} };
    const real = createImageStore({ exec, events: sink, cacheDirectory, provisionDirectory: directory });
    await expect(real.release('labos', '1.0.0')).rejects.toMatchObject({ code: 'NOT_RELEASED', exitCode: 2 });
    expect(await real.resolve('labos', 'stable')).toBe('stable');
  });
});

describe('a channel', () => {
  test('stands for its newest version; a version for itself', async () => {
    expect(await store.resolve('flatcar', 'stable', { mirror: url })).toBe(VERSION);
    expect(await store.resolve('flatcar', 'stable', { mirror: mirror.directory })).toBe(VERSION);
    expect(await store.resolve('flatcar', '4593.2.4', { mirror: url })).toBe('4593.2.4');
    expect(server.requests).toEqual(['stable/amd64-usr/current/version.txt']);
  });

  test('that the mirror does not have is missing, with its address', async () => {
    await expect(store.resolve('flatcar', 'beta', { mirror: url })).rejects.toMatchObject({
      code: 'RELEASE_MISSING',
      message: expect.stringContaining(`${url}/beta/amd64-usr/current/version.txt`),
    });
  });

  test.each([
    ['a page of the network’s own', '<html>Log in</html>', /does not say FLATCAR_VERSION/],
    [
      'a version of another channel',
      'FLATCAR_VERSION=4757.1.0\n',
      /4757\.1\.0, which is no version of the channel stable/,
    ],
    ['something that is no version', 'FLATCAR_VERSION=../../x\n', /does not say FLATCAR_VERSION/],
  ])('is not taken from %s', async (_name, text, message) => {
    await writeFile(join(mirror.directory, 'stable/amd64-usr/current/version.txt'), text);
    const going = store.resolve('flatcar', 'stable', { mirror: url });
    await expect(going).rejects.toMatchObject({ code: 'RELEASE_UNREADABLE', message: expect.stringMatching(message) });
  });
});

describe('a version', () => {
  test('that is missing is told at once, with its address', async () => {
    await rm(join(mirror.directory, 'stable/amd64-usr', VERSION), { recursive: true });
    await refuses(fetchIt(), 'RELEASE_MISSING', new RegExp(`${url}/stable/amd64-usr/${VERSION}/version.txt`), KERNEL);
  });

  test('of which a file is missing is told with that', async () => {
    await rm(`${mirror.path(DISK)}.DIGESTS.asc`);
    await refuses(fetchIt(), 'RELEASE_MISSING', /qemu_image\.img\.DIGESTS\.asc/, KERNEL);
  });

  test('in the folder of another is refused', async () => {
    await writeFile(join(mirror.directory, 'stable/amd64-usr', VERSION, 'version.txt'), 'FLATCAR_VERSION=4593.2.4\n');
    await refuses(fetchIt(), 'RELEASE_UNREADABLE', /what lies in that folder is not 4757\.2\.0/, KERNEL);
  });

  test('that is none is a usage error', async () => {
    const going = store.release('flatcar', '1.0.0', { mirror: url });
    await expect(going).rejects.toMatchObject({ code: 'RELEASE_MISSING', exitCode: 2, message: /neither a version/ });
  });
});

describe('not trusted is', () => {
  test('a file with another hash: it is thrown away, and right ones are kept', async () => {
    await writeFile(mirror.path(DISK), 'not what was signed');
    await refuses(fetchIt(), 'CHECKSUM_WRONG', /SHA-512/, DISK);
    expect(await downloads()).not.toContain(
      createHash('sha512')
        .update(mirror.contents.get(DISK) as Buffer)
        .digest('hex')
        .slice(0, 64),
    );
    await writeFile(mirror.path(DISK), mirror.contents.get(DISK) as Buffer);
    await fetchIt();
    expect(await store.find('flatcar', VERSION)).toBeDefined();
  });

  test('a list of digests that was changed after it was signed', async () => {
    const forged = Buffer.from('forged');
    const signed = await readFile(`${mirror.path(DISK)}.DIGESTS.asc`, 'utf8');
    const sha512 = (content: Buffer) => createHash('sha512').update(content).digest('hex');
    await writeFile(mirror.path(DISK), forged);
    const changed = signed.replace(sha512(mirror.contents.get(DISK) as Buffer), sha512(forged));
    expect(changed).not.toBe(signed);
    await writeFile(`${mirror.path(DISK)}.DIGESTS.asc`, changed);
    await refuses(fetchIt(), 'SIGNATURE_WRONG', /the signature by the key \w+ is not right/, DISK);
  });

  test('a list signed by somebody else', async () => {
    await mirror.sign(KERNEL, { key: await publisherKey() });
    await refuses(fetchIt(), 'SIGNATURE_WRONG', /which the key file does not have/, KERNEL);
  });

  test('a list that is not signed', async () => {
    await writeFile(`${mirror.path(KERNEL)}.DIGESTS.asc`, digestList(KERNEL, mirror.contents.get(KERNEL) as Buffer));
    await refuses(fetchIt(), 'SIGNATURE_WRONG', /no signed text/, KERNEL);
  });

  test('what is written around the signed text', async () => {
    const other = Buffer.from('forged');
    await writeFile(mirror.path(KERNEL), other);
    const signed = await clearSign('nothing of use\n', key);
    await writeFile(
      `${mirror.path(KERNEL)}.DIGESTS.asc`,
      `${digestList(KERNEL, other)}\n${signed}\n${digestList(KERNEL, other)}`,
    );
    await refuses(fetchIt(), 'SIGNATURE_WRONG', /says no SHA-512|no signed text/, KERNEL);
  });

  test('the signed list of another file', async () => {
    await writeFile(`${mirror.path(KERNEL)}.DIGESTS.asc`, await readFile(`${mirror.path(INITRD)}.DIGESTS.asc`));
    await refuses(fetchIt(), 'SIGNATURE_WRONG', /it is the list of another file/, KERNEL);
  });

  test('a key file without the key that was asked for', async () => {
    const other = await publisherKey();
    await writeKeys(mirror.directory, other.toPublic().armor());
    for (const name of [KERNEL, INITRD, DISK, INSTALL]) await mirror.sign(name, { key: other });
    await refuses(fetchIt(), 'KEY_WRONG', new RegExp(key.getFingerprint().toUpperCase()), KERNEL);
    await rm(join(mirror.directory, 'Flatcar_Image_Signing_Key.asc'));
    await refuses(fetchIt(), 'KEY_WRONG', /is not at/, KERNEL);
  });

  test.each([
    ['with blocks that were changed', (payload: Buffer) => payload.fill(0, 100, 110), /its signature is not right/],
    ['that is cut', (payload: Buffer) => payload.subarray(0, -1), /its length is not what its manifest says/],
    ['that is something else', () => Buffer.from('<html>'), /it is no update payload/],
  ])('an update %s', async (_name, change, message) => {
    const content = change(Buffer.from(mirror.contents.get(UPDATE) as Buffer));
    await writeFile(mirror.path(UPDATE), content);
    await writeFile(`${mirror.path(UPDATE)}.sha256`, `${sha256(content)}  ${UPDATE}\n`);
    await refuses(fetchIt({ artefacts: ['update'] }), 'SIGNATURE_WRONG', message, UPDATE);
    expect(await downloads()).toEqual([]);
  });
});

describe('a key', () => {
  const DAY = 86_400;
  const ago = (days: number) => new Date(Date.now() - days * DAY * 1000);

  /** Everything signed by this key, at this time. */
  async function published(by: PrivateKey, date: Date): Promise<void> {
    await writeKeys(mirror.directory, by.toPublic().armor());
    for (const name of [KERNEL, INITRD, DISK, INSTALL]) await mirror.sign(name, { key: by, date });
    store = makeStore(by.getFingerprint());
  }

  test('that has expired vouches for nothing, even if it was good when it signed', async () => {
    await published(await publisherKey({ date: ago(100), keyExpirationTime: 50 * DAY }), ago(90));
    await refuses(fetchIt(), 'KEY_EXPIRED', /the key [0-9A-F]{16} has expired/, KERNEL);
  });

  test('that will expire is good until then', async () => {
    await published(await publisherKey({ date: ago(40), keyExpirationTime: 50 * DAY }), ago(30));
    await fetchIt();
    expect(await store.find('flatcar', VERSION)).toBeDefined();
  });

  test('of which a subkey is newer than the copy in the cache is fetched anew', async () => {
    await fetchIt({ artefacts: ['kernel'] });
    const renewed = await key.addSubkey({ sign: true });
    expect(renewed.getFingerprint()).toBe(key.getFingerprint());
    await mirror.sign(DISK, { key: renewed });
    await refuses(fetchIt({ artefacts: ['qemu'] }), 'SIGNATURE_WRONG', /which the key file does not have/, DISK);
    await writeKeys(mirror.directory, renewed.toPublic().armor());
    await fetchIt({ artefacts: ['qemu'] });
    expect(await named()).toContain(DISK);
  });

  test('that cannot be fetched anew leaves the first reason to say', async () => {
    await fetchIt({ artefacts: ['kernel'] });
    await mirror.sign(DISK, { key: await publisherKey() });
    await rm(join(mirror.directory, 'Flatcar_Image_Signing_Key.asc'));
    await refuses(fetchIt(), 'SIGNATURE_WRONG', /which the key file does not have/, DISK);
  });

  test('in the cache that was damaged there is fetched anew', async () => {
    await fetchIt({ artefacts: ['kernel'] });
    await writeFile(join(cacheDirectory, 'keys', `${key.getFingerprint()}.key`), 'damaged');
    await fetchIt();
    expect(await store.find('flatcar', VERSION)).toBeDefined();
  });
});

describe('on a bad line', () => {
  test('a download that was cut goes on where it ended', async () => {
    server.answers.set(DISK, [
      (response, content) => {
        response.writeHead(200, { 'content-length': content.length });
        response.write(content.subarray(0, 30_000), () => setTimeout(() => response.destroy(), 100));
      },
    ]);
    await fetchIt();
    expect(server.requests.filter((path) => path.includes(DISK) && !path.includes('.asc'))).toEqual([
      `stable/amd64-usr/${VERSION}/${DISK}`,
      `stable/amd64-usr/${VERSION}/${DISK} bytes=30000-`,
    ]);
  });

  test('a slow mirror is waited for, and what came before an abort is gone on with', async () => {
    let sent = 0;
    server.answers.set(DISK, [
      (response, content) => {
        response.writeHead(200, { 'content-length': content.length });
        const timer = setInterval(() => {
          response.write(content.subarray(sent, sent + 2000));
          sent += 2000;
        }, 50);
        response.on('close', () => clearInterval(timer));
      },
    ]);
    const stop = new AbortController();
    const going = fetchIt({ signal: stop.signal });
    going.catch(() => undefined);
    await expect.poll(() => sent, { timeout: 10_000 }).toBeGreaterThan(10_000);
    stop.abort(new DOMException('cancelled', 'AbortError'));
    await expect(going).rejects.toMatchObject({ name: 'AbortError' });
    expect(await store.find('flatcar', VERSION)).toBeUndefined();
    await fetchIt();
    expect(server.requests.at(-1)).toMatch(/qemu_image\.img bytes=\d{4,}-$/);
    expect(await store.find('flatcar', VERSION)).toBeDefined();
  });

  test('a full disk is told, and nothing half made has a name', async () => {
    const hex = createHash('sha512')
      .update(mirror.contents.get(DISK) as Buffer)
      .digest('hex');
    await mkdir(join(cacheDirectory, 'downloads'), { recursive: true });
    // The kernel's own "no space left on device", at the first byte.
    await symlink('/dev/full', join(cacheDirectory, 'downloads', `${hex.slice(0, 64)}.part`));
    await refuses(fetchIt(), 'DISK_FULL', /could not be written/, DISK);
  });

  test('a file that the disk has no room for is not begun', async () => {
    server.answers.set(DISK, [(response) => response.writeHead(200, { 'content-length': 2 ** 52 }).write('x')]);
    await refuses(fetchIt(), 'DISK_FULL', /are to come, .* are free/, DISK);
  });
});
