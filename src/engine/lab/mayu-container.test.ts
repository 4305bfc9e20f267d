import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultLabConfig } from '../config/defaults.js';
import type { ContainerArchive, ContainerStore } from '../containers/container-store.js';
import { LabError } from '../errors.js';
import type { LabEventBody } from '../events.js';
import { createExec } from '../exec-process.js';
import { sha256 } from '../images/test-support.js';
import type { Provider } from '../providers/provider.js';
import { dockerProgram, localSsh, TARGET } from './local-ssh-test-support.js';
import { fetchMayu } from './mayu-container.js';
import type { LabParts } from './parts.js';

let directory: string;
let archive: ContainerArchive;
let events: LabEventBody[];
let programs: Record<string, string>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mayu-'));
  for (const folder of ['docker', 'registry', 'var']) await mkdir(join(directory, folder));
  events = [];
  programs = { docker: dockerProgram(directory), timeout: 'shift; exec "$@"' };
  archive = await made('archive 1');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function made(content: string): Promise<ContainerArchive> {
  const file = join(directory, 'mayu.tar.zst');
  await writeFile(file, content);
  const sum = sha256(content);
  return { name: 'mayu', version: '1.3.0', hash: sum, file, bytes: content.length, sha256: sum };
}

/** A store that has the archive, or whose build ends so. */
function store(build?: unknown): ContainerStore {
  return {
    find: async () => (build === undefined ? archive : undefined),
    build: async () => {
      throw build;
    },
    fetch: () => Promise.reject(new Error('unplanned')),
  };
}

const unplanned: ContainerStore = {
  find: () => Promise.reject(new Error('unplanned')),
  build: () => Promise.reject(new Error('unplanned')),
  fetch: () => Promise.reject(new Error('unplanned')),
};

async function fetchIt(containers = store(), version = '1.3.0', signal?: AbortSignal) {
  const sink = { emit: (body: LabEventBody) => void events.push(body) };
  const ssh = (await localSsh(createExec(sink), directory, programs)) as LabParts['ssh'];
  const here = (text: string) => text.replaceAll('/var/lib/mayu', join(directory, 'var'));
  const moved: LabParts['ssh'] = {
    ...ssh,
    script: (target, script, options) => ssh.script(target, script, { ...options, input: here(options?.input ?? '') }),
  };
  const config = { ...defaultLabConfig(), mayu: { version } };
  const provider = { capabilities: { loopback: '127.0.0.1' } } as Provider;
  const parts = {
    ssh: moved,
    events: sink,
    provider,
    config,
    containers: { mayu: containers, 'update-server': unplanned },
  };
  return fetchMayu(parts, async () => TARGET, signal === undefined ? {} : { signal });
}
const loaded = () => readFile(join(directory, 'docker', 'coreos-lab_mayu:1.3.0'), 'utf8');

describe('from an archive', () => {
  test('is loaded once, and again when the archive is another one or the image was removed', async () => {
    expect(await fetchIt()).toEqual({ image: 'coreos-lab/mayu:1.3.0', from: 'archive' });
    expect(await loaded()).toBe('archive 1');
    expect(existsSync(join(directory, 'var', 'image.tar'))).toBe(false);
    expect(await fetchIt()).toEqual({ image: 'coreos-lab/mayu:1.3.0', from: 'present' });

    archive = await made('archive 2');
    expect(await fetchIt()).toMatchObject({ from: 'archive' });
    expect(await loaded()).toBe('archive 2');

    await rm(join(directory, 'docker', 'coreos-lab_mayu:1.3.0'));
    expect(await fetchIt()).toMatchObject({ from: 'archive' });
    expect(await fetchIt()).toMatchObject({ from: 'present' });
  });

  test('that docker does not take is told with its words', async () => {
    archive = await made('something else');
    programs.docker = String(programs.docker).replace(
      `grep -q '^archive' "$3"`,
      'echo "Error: payload does not match" >&2; false',
    );
    await expect(fetchIt()).rejects.toMatchObject({ code: 'REMOTE_FAILED', why: 'Error: payload does not match' });
  });
});

describe('where it cannot be built', () => {
  const host = new LabError({ code: 'IMAGE_HOST', message: 'No Go here.', remedy: ['Install it.'], exitCode: 2 });

  test('the provisioner pulls it, once', async () => {
    programs.curl = 'true';
    await writeFile(join(directory, 'registry', 'quay.io_giantswarm_mayu:1.3.0'), 'upstream');
    expect(await fetchIt(store(host))).toEqual({
      image: 'coreos-lab/mayu:1.3.0',
      from: 'registry',
      registry: 'quay.io',
    });
    expect(await loaded()).toBe('upstream');
    expect(await fetchIt(store(host))).toMatchObject({ from: 'present' });
  });

  test('nor pulled, all ways out are named', async () => {
    programs.curl = 'echo "curl: (6) Could not resolve host: quay.io" >&2; exit 6';
    await expect(fetchIt(store(host))).rejects.toMatchObject({
      code: 'MAYU_UNAVAILABLE',
      why: 'No Go here.',
      remedy: ['Install it.', expect.stringContaining('quay.io')],
      evidence: [expect.stringContaining('Could not resolve host')],
      exitCode: 2,
    });
    await expect(fetchIt(store(host), '0.11.1')).rejects.toMatchObject({
      remedy: expect.arrayContaining([expect.stringContaining('1.3.0 can be built')]),
    });
  });

  test.each([
    ['a full disk', new LabError({ code: 'DISK_FULL', message: 'Full.', remedy: [] })],
    ['an abort', new DOMException('stop', 'AbortError')],
    ['a fault of the program', new TypeError('oops')],
  ])('%s is no reason to look elsewhere', async (_what, error) => {
    await expect(fetchIt(store(error))).rejects.toBe(error);
  });
});
