import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findProgram } from '../exec-missing.js';
import { generateEd25519, parseEd25519 } from './ed25519.js';
import { ensureLabKeys } from './keys.js';

const sshKeygen = await findProgram('ssh-keygen');
let root: string;
let directory: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lab keys '));
  directory = join(root, 'keys');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const mode = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);

describe('ensureLabKeys', () => {
  test('makes a user key and a host key per machine, private ones only for their owner', async () => {
    const keys = await ensureLabKeys(directory, ['core-provisioner', 'core-01']);
    expect(await mode(directory)).toBe('700');
    expect(keys.user.privateFile).toBe(join(directory, 'id_ed25519'));
    expect(await mode(keys.user.privateFile)).toBe('600');
    expect(await mode(join(directory, 'host_core-01_ed25519'))).toBe('600');
    expect(await mode(join(directory, 'host_core-01_ed25519.pub'))).toBe('644');
    const all = [keys.user.publicKey, keys.host('core-provisioner').publicKey, keys.host('core-01').publicKey];
    expect(new Set(all).size).toBe(3);
    expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(() => keys.host('core-09')).toThrow(/core-09/);
  });

  test('a second call gives the same keys, and adds those of new machines', async () => {
    const first = await ensureLabKeys(directory, ['a']);
    const second = await ensureLabKeys(directory, ['a', 'b']);
    expect(second.user).toEqual(first.user);
    expect(second.host('a')).toEqual(first.host('a'));
    expect(second.host('b').publicKey).not.toBe(first.host('a').publicKey);
  });

  test('two first starts at once agree on one key', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => ensureLabKeys(directory, ['a'])));
    expect(new Set(all.map((keys) => keys.user.publicKey)).size).toBe(1);
    expect(new Set(all.map((keys) => keys.host('a').privateKey)).size).toBe(1);
    const onDisk = await readFile(join(directory, 'host_a_ed25519'), 'utf8');
    expect(all[0]?.host('a').privateKey).toBe(onDisk);
  });

  test('a death between the two halves, an empty file and old temporary files are healed', async () => {
    const before = await ensureLabKeys(directory, ['a']);
    await rm(`${before.user.privateFile}.pub`);
    const stale = join(directory, '.id_ed25519.0011.tmp');
    await writeFile(stale, 'half');
    await utimes(stale, new Date(0), new Date(0));
    await rm(join(directory, 'host_a_ed25519.pub'));
    await writeFile(join(directory, 'host_a_ed25519'), '');
    const after = await ensureLabKeys(directory, ['a']);
    expect(after.user).toEqual(before.user);
    expect(await readFile(`${before.user.privateFile}.pub`, 'utf8')).toBe(`${before.user.publicKey}\n`);
    expect(parseEd25519(after.host('a').privateKey)?.publicKey).toBe(after.host('a').publicKey);
    expect((await readdir(directory)).sort()).toEqual(
      ['host_a_ed25519', 'host_a_ed25519.pub', 'id_ed25519', 'id_ed25519.pub'].sort(),
    );
  });

  test('a damaged user key is never replaced while machines may rely on it', async () => {
    const { user } = await ensureLabKeys(directory, ['a']);
    await writeFile(user.privateFile, 'not a key');
    await expect(ensureLabKeys(directory, ['a'])).rejects.toMatchObject({ code: 'KEY_DAMAGED', exitCode: 2 });
    await expect(ensureLabKeys(directory, ['a'], { created: new Set(['a']) })).rejects.toThrow(user.privateFile);
    expect(await readFile(user.privateFile, 'utf8')).toBe('not a key');
    await rm(user.privateFile);
    await expect(ensureLabKeys(directory, ['a'])).rejects.toThrow(/is gone/);

    const anew = await ensureLabKeys(directory, ['a'], { created: new Set() });
    expect(anew.user.publicKey).not.toBe(user.publicKey);
  });

  test("a damaged host key is made anew only when its machine doesn't exist", async () => {
    const first = await ensureLabKeys(directory, ['a', 'b']);
    const file = join(directory, 'host_a_ed25519');
    const lines = first.host('a').privateKey.split('\n');
    await writeFile(file, [...lines.slice(0, 3), 'A'.repeat(70), ...lines.slice(4)].join('\n'));
    await expect(ensureLabKeys(directory, ['a'], { created: new Set(['a']) })).rejects.toThrow(/host key of a/);
    const second = await ensureLabKeys(directory, ['a', 'b'], { created: new Set(['b']) });
    expect(second.host('a').publicKey).not.toBe(first.host('a').publicKey);
    expect(second.host('b')).toEqual(first.host('b'));
  });

  test('permissions that became too wide are narrowed again', async () => {
    const { user } = await ensureLabKeys(directory, []);
    await chmod(user.privateFile, 0o644);
    await chmod(directory, 0o755);
    await ensureLabKeys(directory, []);
    expect([await mode(user.privateFile), await mode(directory)]).toEqual(['600', '700']);
  });
});

describe('ed25519 in OpenSSH format', () => {
  // A leading zero byte in the public key, which some encoders lose, comes once in 256 keys.
  test('ssh2 opens every key and signs with it', () => {
    for (let round = 0; round < 1000; round += 1) {
      const pair = generateEd25519('core-01');
      const key = ssh2.utils.parseKey(pair.privateKey);
      const publicKey = ssh2.utils.parseKey(pair.publicKey);
      if (key instanceof Error || publicKey instanceof Error) throw new Error(`round ${round}`);
      const signature = key.sign('message');
      if (!Buffer.isBuffer(signature)) throw new Error(`round ${round}: ${signature}`);
      expect(publicKey.verify('message', signature)).toBe(true);
      expect(parseEd25519(pair.privateKey)?.publicKey).toBe(pair.publicKey);
    }
  });

  test.skipIf(sshKeygen === undefined)('ssh-keygen reads the private key and finds the same public key', async () => {
    const { user } = await ensureLabKeys(directory, []);
    const { stdout } = await promisify(execFile)(sshKeygen as string, ['-y', '-f', user.privateFile]);
    expect(stdout.trim()).toBe(user.publicKey);
  });

  test.each([
    '',
    'x',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
  ])('what is no key is undefined: %j', (text) => expect(parseEd25519(text)).toBeUndefined());
});
