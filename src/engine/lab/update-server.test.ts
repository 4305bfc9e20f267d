import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultLabConfig } from '../config/defaults.js';
import type { LabConfig } from '../config/lab-config.js';
import type { ContainerArchive, ContainerStore } from '../containers/container-store.js';
import { LabError } from '../errors.js';
import type { LabEventBody } from '../events.js';
import { createExec } from '../exec-process.js';
import { sha256 } from '../images/test-support.js';
import type { Provider } from '../providers/provider.js';
import { dockerProgram, localSsh, TARGET } from './local-ssh-test-support.js';
import type { LabParts } from './parts.js';
import { fetchUpdateServer } from './update-server.js';

const NEBRASKA = 'registry.test:5000/flatcar/nebraska:3.0.0';
const POSTGRESQL = `docker.io/library/postgres@sha256:${'ab'.repeat(32)}`;
let directory: string;
let events: LabEventBody[];
let programs: Record<string, string>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'update-server-'));
  for (const folder of ['docker', 'registry']) await mkdir(join(directory, folder));
  events = [];
  programs = {
    docker: dockerProgram(directory),
    timeout: 'shift; exec "$@"',
    curl: `echo "\${@: -1}" >> ${directory}/asked`,
  };
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const unplanned = () => Promise.reject(new Error('unplanned'));
const noStore: ContainerStore = { find: unplanned, build: unplanned, fetch: unplanned };

async function fetchIt(updates: Partial<LabConfig['updates']>, store = noStore) {
  const sink = { emit: (body: LabEventBody) => void events.push(body) };
  const ssh = (await localSsh(createExec(sink), directory, programs)) as LabParts['ssh'];
  const here = (text: string) => text.replaceAll('/var/lib/update', join(directory, 'var'));
  const moved: LabParts['ssh'] = {
    ...ssh,
    script: (target, script, options) => ssh.script(target, script, { ...options, input: here(options?.input ?? '') }),
  };
  const base = defaultLabConfig();
  const parts = {
    ssh: moved,
    events: sink,
    provider: { capabilities: { loopback: '127.0.0.1' } } as Provider,
    config: { ...base, updates: { ...base.updates, nebraska: NEBRASKA, postgresql: POSTGRESQL, ...updates } },
    containers: { mayu: noStore, 'update-server': store },
  };
  return fetchUpdateServer(parts, async () => TARGET);
}
const docker = (name: string) => readFile(join(directory, 'docker', name), 'utf8');
const chosen = () => readFile(join(directory, 'var', '.server'), 'utf8');
const inRegistry = (image: string, text: string) =>
  writeFile(join(directory, 'registry', image.replaceAll('/', '_')), text);

describe('Nebraska', () => {
  test('is pulled with its database, once, and is the one to start', async () => {
    await inRegistry(NEBRASKA, 'nebraska');
    await inRegistry(POSTGRESQL, 'postgresql');
    const registry = 'registry.test:5000';
    expect(await fetchIt({ server: 'nebraska' })).toEqual({ image: NEBRASKA, from: 'registry', registry });
    expect(await docker('coreos-lab_nebraska:wanted')).toBe('nebraska');
    expect(await docker('coreos-lab_postgresql:wanted')).toBe('postgresql');
    expect(await chosen()).toBe('nebraska\n');
    // Docker's registry is not where its name says.
    const asked = 'https://registry.test:5000/v2/\nhttps://registry-1.docker.io/v2/\n';
    expect(await readFile(join(directory, 'asked'), 'utf8')).toBe(asked);
    const notices = events.filter(({ type }) => type === 'notice');
    expect(notices).toHaveLength(2);

    await rm(join(directory, 'registry'), { recursive: true });
    expect(await fetchIt({ server: 'nebraska' })).toEqual({ image: NEBRASKA, from: 'present' });
  });

  test('another one in lab.yaml takes the place of the first', async () => {
    await inRegistry(NEBRASKA, 'nebraska');
    await inRegistry(POSTGRESQL, 'postgresql');
    await fetchIt({ server: 'nebraska' });
    const newer = NEBRASKA.replace('3.0.0', '3.1.0');
    await inRegistry(newer, 'newer');
    expect(await fetchIt({ server: 'nebraska', nebraska: newer })).toMatchObject({ image: newer, from: 'registry' });
    expect(await docker('coreos-lab_nebraska:wanted')).toBe('newer');
    expect(await docker('coreos-lab_postgresql:wanted')).toBe('postgresql');
  });

  test('without a network nothing is pulled, and the way out is named', async () => {
    programs.curl = 'echo "curl: (6) Could not resolve host: registry.test" >&2; exit 6';
    await inRegistry(NEBRASKA, 'nebraska');
    await expect(fetchIt({ server: 'nebraska' })).rejects.toMatchObject({
      code: 'NEBRASKA_UNAVAILABLE',
      message: `core-provisioner could not pull ${NEBRASKA}.`,
      why: 'curl: (6) Could not resolve host: registry.test',
      remedy: [expect.stringContaining('registry.test:5000'), expect.stringContaining('remove updates.server')],
      exitCode: 2,
    });
    expect(await readdir(join(directory, 'docker'))).toEqual([]);
    await expect(chosen()).rejects.toThrow('ENOENT');
  });

  test('a registry that answers, but not with the image, is told by the words of docker', async () => {
    programs.curl = 'exit 60';
    programs.docker = `[ "$1" != pull ] || { echo "Error: manifest unknown" >&2; exit 125; }\n${programs.docker}`;
    await expect(fetchIt({ server: 'nebraska' })).rejects.toMatchObject({
      code: 'NEBRASKA_UNAVAILABLE',
      why: 'Error: manifest unknown',
    });
  });
});

describe("the lab's own", () => {
  test('comes from the archive, and is the one to start from then on', async () => {
    delete programs.curl;
    await mkdir(join(directory, 'var'));
    await writeFile(join(directory, 'var', '.server'), 'nebraska\n');
    const file = join(directory, 'update-server.tar.zst');
    await writeFile(file, 'archive');
    const archive: ContainerArchive = {
      name: 'update-server',
      version: '1.0.0',
      hash: sha256('archive'),
      file,
      bytes: 7,
      sha256: sha256('archive'),
    };
    const image = 'coreos-lab/update-server:1.0.0';
    expect(await fetchIt({}, { ...noStore, find: async () => archive })).toEqual({ image, from: 'archive' });
    expect(await docker('coreos-lab_update-server:1.0.0')).toBe('archive');
    expect(await chosen()).toBe('stand-in\n');
  });

  test('that cannot be built says why', async () => {
    const host = new LabError({ code: 'IMAGE_HOST', message: 'No Go here.', remedy: ['Install it.'], exitCode: 2 });
    const store = { ...noStore, find: async () => undefined, build: () => Promise.reject(host) };
    await expect(fetchIt({}, store)).rejects.toBe(host);
  });
});
