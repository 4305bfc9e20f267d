import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createExec } from '../../src/engine/exec-process.js';
import { sha512In } from '../../src/engine/images/release/digests.js';
import { keyWithFingerprint, readSigned, type SigningKey } from '../../src/engine/images/release/signed-text.js';
import { digestList } from '../../src/engine/images/release/test-support.js';

const exec = createExec({ emit: () => {} });
const CONTENT = Buffer.from('a disk');
let home: string;
let fingerprint: string;

async function gpg(args: readonly string[], { at, input }: { at?: string; input?: string } = {}): Promise<string> {
  const time = at === undefined ? [] : ['--faked-system-time', `${at}!`];
  const base = ['--homedir', home, '--batch', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', '', ...time];
  const result = await exec.run('gpg', [...base, ...args], { ...(input !== undefined && { input }) });
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  return result.stdout;
}

/** Signs a list of digests just as Flatcar's builders do, with whatever subkey is the newest at that time. */
async function clearSigned(at?: string): Promise<string> {
  const list = join(home, 'disk.img.DIGESTS');
  await writeFile(list, digestList('disk.img', CONTENT));
  return gpg(['--local-user', fingerprint, '--output', '-', '--clearsign', list], at === undefined ? {} : { at });
}

async function exported(): Promise<SigningKey> {
  const key = await keyWithFingerprint(await gpg(['--armor', '--export', fingerprint]), fingerprint);
  if (key === undefined) throw new Error('the exported key is not read');
  return key;
}

/** As Flatcar's: an RSA key of its own for certification, with subkeys for signing that come and go. */
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'gpg-'));
  await gpg(['--quick-generate-key', 'Test Buildbot <buildbot@example.org>', 'rsa3072', 'cert,sign', 'never'], {
    at: '20240101T000000',
  });
  const keys = await gpg(['--with-colons', '--list-keys']);
  fingerprint = (/^fpr:+([0-9A-F]{40}):/m.exec(keys)?.[1] ?? '').toLowerCase();
  await gpg(['--quick-add-key', fingerprint, 'rsa3072', 'sign', '2y'], { at: '20240102T000000' });
});
afterAll(async () => {
  await exec.run('gpgconf', ['--homedir', home, '--kill', 'all']);
  await rm(home, { recursive: true, force: true });
});

describe('what GnuPG has signed', () => {
  test('is read, and says the hash of its file', async () => {
    const message = await clearSigned('20240601T000000');
    const read = await readSigned(message, await exported(), new Date('2024-06-02'));
    expect(read).toEqual({ text: digestList('disk.img', CONTENT).trimEnd() });
    const text = 'text' in read ? read.text : '';
    expect(sha512In(text, 'disk.img')).toBe(createHash('sha512').update(CONTENT).digest('hex'));
  });

  test('by a subkey that has expired is refused, though GnuPG takes it with a warning', async () => {
    const message = await clearSigned('20240601T000000');
    const read = await readSigned(message, await exported(), new Date('2026-06-01'));
    expect(read).toMatchObject({
      distrust: 'key-expired',
      detail: expect.stringMatching(/^the key [0-9A-F]{16} has expired$/),
    });
    const file = join(home, 'message.asc');
    await writeFile(file, message);
    await gpg(['--verify', file]);
  });

  test('by next year’s subkey is read with next year’s key file only', async () => {
    const old = await exported();
    await gpg(['--quick-add-key', fingerprint, 'rsa3072', 'sign', '2y'], { at: '20250102T000000' });
    const message = await clearSigned('20250601T000000');
    const now = new Date('2025-06-02');
    expect(await readSigned(message, old, now)).toMatchObject({ distrust: 'unknown-key' });
    expect(await readSigned(message, await exported(), now)).toHaveProperty('text');
  });

  test('and was changed, or has no signature, is refused', async () => {
    const message = await clearSigned('20240601T000000');
    const now = new Date('2024-06-02');
    const changed = message.replace(/^([0-9a-f]{127})[0-9a-f]/m, '$1x');
    expect(changed).not.toBe(message);
    expect(await readSigned(changed, await exported(), now)).toMatchObject({ distrust: 'wrong' });
    const list = await readFile(join(home, 'disk.img.DIGESTS'), 'utf8');
    expect(await readSigned(list, await exported(), now)).toMatchObject({ distrust: 'wrong' });
  });

  test('by a subkey that was revoked later is refused', async () => {
    const message = await clearSigned('20240601T000000');
    expect(await readSigned(message, await exported(), new Date('2024-06-02'))).toHaveProperty('text');
    const commands = 'key 1\nrevkey\ny\n1\n\ny\nsave\n';
    const args = [
      '--homedir',
      home,
      '--no-tty',
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      '',
      '--faked-system-time',
      '20240701T000000!',
    ];
    const revoked = await exec.run(
      'gpg',
      [...args, '--command-fd', '0', '--status-fd', '2', '--edit-key', fingerprint],
      { input: commands },
    );
    expect(revoked, revoked.stderr).toMatchObject({ exitCode: 0 });
    expect(await readSigned(message, await exported(), new Date('2024-08-01'))).toMatchObject({
      distrust: 'key-revoked',
    });
  });
});
