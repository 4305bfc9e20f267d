import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LabEventBody } from '../events.js';
import { createExec } from '../exec-process.js';
import { sha256 } from '../images/test-support.js';
import type { Provider } from '../providers/provider.js';
import { localSsh, TARGET } from './local-ssh-test-support.js';
import type { LabParts } from './parts.js';
import { type FileToSend, sendFile } from './send-file.js';

const CONTENT = 'x'.repeat(1_000_000);
let directory: string;
let events: LabEventBody[];
let file: FileToSend;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'send file '));
  events = [];
  await writeFile(join(directory, 'local'), CONTENT);
  file = {
    title: 'the kernel',
    local: join(directory, 'local'),
    remote: join(directory, 'there', '1.0.0', "it's a kernel"),
    sha256: sha256(CONTENT),
    bytes: CONTENT.length,
    remake: ['coreos-lab image build'],
  };
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function send(
  programs: Record<string, string> = {},
  loopback: string | undefined = '127.0.0.1',
  change: Partial<FileToSend> = {},
  signal?: AbortSignal,
): Promise<boolean> {
  const sink = { emit: (body: LabEventBody) => void events.push(body) };
  const ssh = (await localSsh(createExec(sink), directory, programs)) as LabParts['ssh'];
  const capabilities = { ...(loopback === '' ? {} : { loopback }) };
  const parts = { ssh, events: sink, provider: { capabilities } as Provider };
  return sendFile(parts, TARGET, { ...file, ...change }, signal === undefined ? {} : { signal });
}
const arrived = () => readFile(file.remote, 'utf8');
const there = async () => (await readdir(join(directory, 'there', '1.0.0'))).sort();
const progress = () => events.filter((event) => event.type === 'progress');

describe('a file', () => {
  test('arrives whole, and is not sent again as long as it stays as it is', async () => {
    expect(await send()).toBe(true);
    expect(await arrived()).toBe(CONTENT);
    expect(progress().at(-1)).toMatchObject({
      done: CONTENT.length,
      total: CONTENT.length,
      unit: 'bytes',
      finished: true,
    });
    expect(await there()).toEqual([".it's a kernel.verified", "it's a kernel"]);
    const hashing = { sha256sum: 'echo "read again" >&2; exit 1' };
    expect(await send(hashing)).toBe(false);
  });

  test('that was damaged there since is sent anew', async () => {
    await send();
    await writeFile(file.remote, `y${CONTENT.slice(1)}`);
    expect(await send()).toBe(true);
    expect(await arrived()).toBe(CONTENT);
  });

  test('that lies there without a record is believed for its checksum', async () => {
    await mkdir(join(directory, 'there', '1.0.0'), { recursive: true });
    await writeFile(file.remote, CONTENT);
    expect(await send({ curl: 'exit 1' })).toBe(false);
  });

  test('goes on where it was cut, and what another version left is removed', async () => {
    await mkdir(join(directory, 'there', '1.0.0'), { recursive: true });
    const part = join(directory, 'there', '1.0.0', `.it's a kernel.${file.sha256.slice(0, 12)}.part`);
    await writeFile(part, CONTENT.slice(0, 600_000));
    await writeFile(join(directory, 'there', '1.0.0', ".it's a kernel.000000000000.part"), 'old');
    expect(await send()).toBe(true);
    expect(progress()[0]).toMatchObject({ done: 600_000 });
    expect(await arrived()).toBe(CONTENT);
    expect(await there()).toEqual([".it's a kernel.verified", "it's a kernel"]);
  });

  test.each([
    ['a provider does not lead back here', '', {}],
    ['the machine cannot connect back', '127.0.0.1', { curl: 'exit 7' }],
    ['there is no curl', '127.0.0.1', { curl: 'exit 127' }],
  ])('goes by ssh where %s', async (_why, loopback, programs) => {
    const home = join(directory, 'home');
    await mkdir(home);
    const sink = { emit: (body: LabEventBody) => void events.push(body) };
    const ssh = (await localSsh(createExec(sink), directory, programs)) as LabParts['ssh'];
    const inHome = (path: string) => path.replace('/home/core', home);
    const moved: LabParts['ssh'] = {
      ...ssh,
      script: (target, script, options) =>
        ssh.script(target, script, { ...options, ...(options?.input && { input: inHome(options.input) }) }),
      put: (target, local, remote, options) => ssh.put(target, local, inHome(remote), options),
    };
    const provider = { capabilities: loopback === '' ? {} : { loopback } } as Provider;
    expect(await sendFile({ ssh: moved, events: sink, provider }, TARGET, file)).toBe(true);
    expect(await arrived()).toBe(CONTENT);
    expect(await readdir(home)).toEqual([]);
  });
});

describe('what is not whole never gets the name, and what had it stays:', () => {
  beforeEach(async () => {
    await mkdir(join(directory, 'there', '1.0.0'), { recursive: true });
    await writeFile(file.remote, 'the file of before');
  });
  afterEach(async () => {
    expect(await arrived()).toBe('the file of before');
  });

  test('damaged on its way', async () => {
    const curl = `while [ "$1" != -o ]; do shift; done; head -c ${CONTENT.length} /dev/zero > "$2"`;
    const failed = send({ curl });
    await expect(failed).rejects.toMatchObject({
      code: 'IMAGE_CORRUPT',
      message: expect.stringContaining('arrived damaged on core-provisioner'),
    });
    expect(await there()).toEqual(["it's a kernel"]);
  });

  test('damaged on this computer', async () => {
    await writeFile(file.local, `z${CONTENT.slice(1)}`);
    await expect(send()).rejects.toMatchObject({
      code: 'IMAGE_CORRUPT',
      message: expect.stringContaining('damaged on this computer'),
      remedy: ['coreos-lab image build'],
    });
  });

  test('a full disk', async () => {
    await expect(send({ df: 'printf "h\\nd 1 2 3 4 5\\n"' })).rejects.toMatchObject({
      code: 'NO_ROOM_THERE',
      message: expect.stringContaining('needs 1 MB'),
    });
    await expect(send({ df: '/bin/df "$@"', curl: 'exit 23' })).rejects.toMatchObject({ code: 'NO_ROOM_THERE' });
  });

  test('a connection that breaks keeps what came', async () => {
    const curl = 'while [ "$1" != -o ]; do shift; done; printf xxx > "$2"; echo "curl: (18) cut" >&2; exit 18';
    await expect(send({ curl })).rejects.toMatchObject({ code: 'REMOTE_FAILED', why: 'curl: (18) cut' });
    expect(await there()).toContain(`.it's a kernel.${file.sha256.slice(0, 12)}.part`);
  });

  test('cancelled', async () => {
    const cancel = new AbortController();
    const sending = send({ curl: 'sleep 60' }, '127.0.0.1', {}, cancel.signal);
    setTimeout(() => cancel.abort(), 300);
    await expect(sending).rejects.toMatchObject({ name: 'AbortError' });
  });
});
