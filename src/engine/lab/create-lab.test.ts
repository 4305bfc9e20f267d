import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { LabError } from '../errors.js';
import type { Lab } from '../lab.js';
import type { Ssh, SshTarget } from '../ssh/ssh.js';
import { createLab } from './create-lab.js';
import { makeTestLab, type TestLab, type TestLabOptions } from './test-support.js';

let world: TestLab;
async function open(options: TestLabOptions = {}): Promise<Lab> {
  world = await makeTestLab(options);
  await writeFile(join(world.paths.labDirectory, 'ssh-ports.json'), '{"core-provisioner":50022}');
  return createLab(world);
}
afterEach(async () => {
  world.provider.verify();
  await world.dispose();
});

test('nothing is touched before the first method is called', async () => {
  const lab = await open();
  expect(lab.config).toBe(world.config);
  expect(world.provider.calls).toEqual([]);
  expect(world.emitted).toEqual([]);
});

describe('names are checked by', () => {
  test.each<[string, (lab: Lab) => unknown]>([
    ['start', (lab) => lab.start(['core-9'])],
    ['halt', (lab) => lab.halt(['core-9'])],
    ['reset', (lab) => lab.reset(['core-9'])],
    ['destroy', (lab) => lab.destroy(['core-01', 'core-9'])],
    ['wait', async (lab) => lab.wait(['core-9'], 'off')],
    ['sync', (lab) => lab.sync(['core-9'])],
    ['exec', (lab) => lab.exec('core-9', 'true')],
    ['shell', (lab) => lab.shell('core-9')],
    ['console', async (lab) => lab.console('core-9')],
    ['link', async (lab) => lab.link('core-9', true)],
    ['screenshot', async (lab) => lab.screenshot('core-9', 'x.png')],
    ['native', (lab) => lab.native('up', 'core-9')],
  ])('%s', async (_name, act) => {
    const lab = await open();
    await expect(act(lab)).rejects.toMatchObject({ code: 'UNKNOWN_MACHINE', exitCode: 2 });
    expect(world.changes()).toEqual([]);
  });
});

describe('access', () => {
  const done = { exitCode: 3, stdout: 'out', stderr: '', timedOut: false, duration: 1 };

  test('exec runs the script on its machine and gives its result', async () => {
    const seen: unknown[] = [];
    const script: Ssh['script'] = async (target, text, options) => {
      seen.push([target.machine, target.port, text, options]);
      return done;
    };
    const lab = await open({ ssh: { script } });
    expect(await lab.exec('core-provisioner', 'exit 3', { input: 'x' })).toEqual(done);
    expect(seen).toEqual([['core-provisioner', 50022, 'exit 3', { input: 'x' }]]);
    await expect(lab.exec('core-01', 'true')).rejects.toMatchObject({ code: 'SSH_NO_ADDRESS' });
  });

  test.each([
    ['poweroff', 'MACHINE_NOT_RUNNING', 'core-provisioner is not running (powered off)'],
    ['aborted', 'MACHINE_NOT_RUNNING', 'core-provisioner is not running (aborted)'],
    ['not_created', 'MACHINE_NOT_CREATED', 'core-provisioner is not running (not created)'],
    ['running', 'SSH_REFUSED', 'nobody answers'],
  ] as const)('exec on a machine that is %s says %s', async (state, code, message) => {
    const script: Ssh['script'] = () =>
      Promise.reject(new LabError({ code: 'SSH_REFUSED', message: 'nobody answers', remedy: [] }));
    const lab = await open({ ssh: { script }, power: { 'core-provisioner': state } });
    await expect(lab.exec('core-provisioner', 'true')).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test('a shell is refused on a machine that is off', async () => {
    const ssh: Partial<Ssh> = { command: () => ({ program: 'ssh', args: [] }) };
    const lab = await open({ ssh, power: { 'core-provisioner': 'poweroff' } });
    await expect(lab.shell('core-provisioner')).rejects.toMatchObject({ code: 'MACHINE_NOT_RUNNING' });
    world.power.set('core-provisioner', 'running');
    expect(await lab.shell('core-provisioner')).toMatchObject({ program: 'ssh' });
  });

  test('the ssh configuration has the machines with an address', async () => {
    const config = (targets: readonly SshTarget[]) => targets.map(({ machine }) => machine).join();
    const lab = await open({ ssh: { config } });
    expect(await lab.sshConfig()).toBe('core-provisioner');
  });

  test('sync copies provision/ and the shared folder to the provisioner, with progress', async () => {
    const copies: string[][] = [];
    const sync: Ssh['sync'] = async (target, from, to, options) => {
      copies.push([target.machine, from, to]);
      options?.onProgress?.(5, 10);
      return { method: 'sftp', files: 2, bytes: 10 };
    };
    const lab = await open({ ssh: { sync } });
    await mkdir(join(world.directory, 'shared'));
    await lab.sync([]);
    expect(copies).toEqual([
      ['core-provisioner', world.provisionDirectory, '/home/core/provision'],
      ['core-provisioner', join(world.directory, 'shared'), '/home/core/shared'],
    ]);
    expect(world.of('progress').map(({ id, done, total, finished }) => [id, done, total, finished])).toEqual([
      ['sync:core-provisioner:provision', 5, 10, undefined],
      ['sync:core-provisioner:provision', 10, 10, true],
      ['sync:core-provisioner:shared', 5, 10, undefined],
      ['sync:core-provisioner:shared', 10, 10, true],
    ]);
  });

  test('sync makes an empty shared folder where there is none, and refuses a file of the name', async () => {
    const scripts: string[] = [];
    const ssh: Partial<Ssh> = {
      sync: async () => ({ method: 'rsync', files: 1, bytes: 1 }),
      script: async (_target, text) => {
        scripts.push(text);
        return done;
      },
    };
    const lab = await open({ ssh });
    await lab.sync([]);
    expect(scripts).toEqual(['mkdir -p /home/core/shared']);
    await writeFile(join(world.directory, 'shared'), '');
    await expect(lab.sync([])).rejects.toMatchObject({ code: 'SHARED_UNUSABLE', exitCode: 2 });
  });
});

describe('waiting', () => {
  test('for off ends when all are off, and emits a wait for each', async () => {
    const lab = await open({ power: { 'core-01': 'running', 'core-02': 'aborted' } });
    setTimeout(() => world.power.set('core-01', 'poweroff'), 100);
    await lab.wait(['core-01', 'core-02'], 'off');
    const waits = world.of('wait').map(({ id, label, done }) => `${id} ${label} ${done ?? false}`);
    expect(waits.sort()).toEqual([
      'off:core-01 core-01: waiting for it to be off (1 of 2) false',
      'off:core-01 core-01: waiting for it to be off (1 of 2) true',
      'off:core-02 core-02: waiting for it to be off (2 of 2) false',
      'off:core-02 core-02: waiting for it to be off (2 of 2) true',
    ]);
  });

  test('for ssh that does not come says how far the boot came, and why', async () => {
    const lab = await open({
      ssh: { ready: async () => ({ ok: false, reason: 'connection refused' }) },
      power: { 'core-provisioner': 'running' },
    });
    await writeFile(world.logFile('core-provisioner'), 'SeaBIOS\r\nLinux version 6\r\nlast words\r\n');
    await expect(lab.wait(['core-provisioner'], 'ssh', { timeout: 300 })).rejects.toMatchObject({
      code: 'BOOT_TIMEOUT',
      message: expect.stringContaining('as far as the stage "kernel"'),
      why: 'connection refused',
      evidence: ['SeaBIOS', 'Linux version 6', 'last words'],
    });
  });

  test('remembers how long a boot took, for the next wait', async () => {
    const lab = await open({ ssh: { ready: async () => ({ ok: true }) }, power: { 'core-provisioner': 'running' } });
    await lab.wait(['core-provisioner'], 'ssh');
    await lab.wait(['core-provisioner'], 'ssh');
    expect(world.of('wait').map(({ usual }) => usual)).toEqual([
      undefined,
      undefined,
      expect.any(Number),
      expect.any(Number),
    ]);
  });

  test('ends with an abort, with its reason', async () => {
    const lab = await open({ power: { 'core-01': 'running' } });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new DOMException('cancelled', 'AbortError')), 50);
    await expect(lab.wait(['core-01'], 'off', { signal: stop.signal })).rejects.toThrow('cancelled');
    expect(world.of('wait').at(-1)).toMatchObject({ done: true, ok: false });
  });
});

describe('the image', () => {
  test('is the one in the cache, otherwise what to do is said', async () => {
    const lab = await open();
    const image = await lab.ensureImage();
    expect(image).toMatchObject({ name: 'flatcar', version: '1.2.3' });
    await rm(image.disk);
    await expect(lab.ensureImage()).rejects.toMatchObject({ code: 'RELEASE_MISSING', exitCode: 2 });
  });
});

test('native lines of up are those of create and start, for the machine as it would be started', async () => {
  const lab = await open({
    calls: [
      { method: 'native', with: ['create', 'core-provisioner'], returns: ['qemu-img create'] },
      {
        method: 'native',
        with: ['start', 'core-provisioner'],
        returns: (_verb: string, spec: { uplink: { sshPort: number } }) => [`qemu hostfwd=${spec.uplink.sshPort}`],
      },
    ],
  });
  expect(await lab.native('up', 'core-provisioner')).toEqual(['qemu-img create', 'qemu hostfwd=50022']);
});

test('the variables of lessons name the provider and the image', async () => {
  const lab = await open();
  expect(await lab.variables()).toMatchObject({
    LAB_PROVIDER: 'qemu',
    LAB_IMAGE: 'flatcar',
    LAB_IMAGE_VERSION: '1.2.3',
    PROVISIONER_IP: '192.168.2.2',
  });
});

test('the doctor reports a hypervisor and an image that are missing, with remedies', async () => {
  const lab = await open({ usable: false, withoutImage: true });
  const items = new Map((await lab.doctor()).map((item) => [item.id, item]));
  expect(items.get('hypervisor')).toMatchObject({ status: 'failed', detail: 'No QEMU.', remedy: ['Install it.'] });
  expect(items.get('image')).toMatchObject({
    status: 'failed',
    remedy: [expect.stringContaining('coreos-lab image fetch'), expect.stringContaining('--mirror')],
  });
  expect(items.get('network')).toMatchObject({ status: 'ok' });
  for (const { status, remedy } of items.values()) expect(remedy.length > 0).toBe(status !== 'ok');
});

test('watching tells changes of state, and a machine that ended unasked', async () => {
  const lab = await open({ power: { 'core-01': 'running' } });
  const end = lab.watch();
  const states = () => world.of('machine').map(({ machine, state }) => `${machine} ${state}`);
  await expect.poll(states, { timeout: 5000 }).toHaveLength(4);
  expect(states()).toContain('core-01 running');
  world.power.set('core-01', 'aborted');
  await expect.poll(() => states().slice(4), { timeout: 5000 }).toEqual(['core-01 aborted']);
  await end();
  expect(world.of('notice')).toEqual([
    {
      type: 'notice',
      level: 'error',
      text: 'core-01 ended without being asked to (it was running). Start it again: coreos-lab up core-01',
    },
  ]);
  const looks = world.provider.calls.length;
  await new Promise((wake) => setTimeout(wake, 1200));
  expect(world.provider.calls).toHaveLength(looks);
});

test('watching starts the private network again when it is gone while machines run', async () => {
  world = await makeTestLab({ power: { 'core-01': 'running' } });
  let up = false;
  const network = {
    running: async () => up,
    start: async () => {
      up = true;
    },
  };
  const end = createLab({ ...world, network }).watch();
  await expect.poll(() => up, { timeout: 5000 }).toBe(true);
  world.power.set('core-01', 'poweroff');
  up = false;
  await new Promise((wake) => setTimeout(wake, 2500));
  await end();
  expect(up).toBe(false);
  expect(world.of('notice').map(({ text }) => text)).toEqual([expect.stringContaining('started again')]);
});
