import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { LabError } from '../errors.js';
import type { PowerState } from '../events.js';
import type { Lab } from '../lab.js';
import type { PlannedCall } from '../providers/fake.js';
import type { MachineSpec } from '../providers/provider.js';
import type { Ssh } from '../ssh/ssh.js';
import { createLab } from './create-lab.js';
import { makeTestLab, type TestLab, type TestLabOptions } from './test-support.js';

const ALL = ['core-provisioner', 'core-01', 'core-02', 'core-03'];
let world: TestLab;

async function open(options: TestLabOptions): Promise<Lab> {
  world = await makeTestLab(options);
  return createLab(world);
}
afterEach(async () => {
  // Every planned call was made, and no other.
  world.provider.verify();
  await world.dispose();
});

const starts = (name: string, boot: string = ''): PlannedCall => ({
  method: 'start',
  with: [name],
  returns: async () => {
    world.power.set(name, 'running');
    await appendFile(world.logFile(name), boot);
  },
});
const sets = (
  method: 'shutdown' | 'powerOff' | 'destroy' | 'resume',
  name: string,
  state: PowerState,
): PlannedCall => ({
  method,
  with: [name],
  returns: () => void world.power.set(name, state),
});
const specOf = (name: string) =>
  world.provider.calls.find(({ method, args }) => method === 'start' && (args[0] as MachineSpec).name === name)
    ?.args[0] as MachineSpec;
const states = () => world.of('machine').map(({ machine, state }) => `${machine} ${state}`);
/** The provisioner answers, and has no Mayu yet. */
const answers: Partial<Ssh> = {
  ready: async () => ({ ok: true }),
  script: async () => ({
    exitCode: 7,
    stdout: '',
    stderr: 'LoadState=not-found\nActiveState=inactive\n',
    timedOut: false,
    duration: 1,
  }),
};

describe('up', () => {
  test('creates and starts each machine, waits for ssh of the provisioner, and says what comes of the blank ones', async () => {
    let asked = 0;
    const ready = async () => ({ ok: ++asked > 1, reason: 'connection refused' });
    const plan = ALL.flatMap((name): PlannedCall[] => [
      { method: 'create', with: [name] },
      starts(name, 'SeaBIOS\r\n'),
    ]);
    const lab = await open({ calls: plan, anyOrder: true, ssh: { ...answers, ready } });
    await lab.up([]);
    for (const name of ALL) {
      const own = world.changes().filter((change) => change.endsWith(` ${name}`));
      expect(own).toEqual([`create ${name}`, `start ${name}`]);
      expect(states().filter((state) => state.startsWith(`${name} `))).toEqual([`${name} starting`, `${name} running`]);
    }
    expect(asked).toBe(2);
    const stages = world.of('stage').filter(({ machine }) => machine === 'core-provisioner');
    expect(stages.map(({ stage }) => stage)).toEqual(['power-on', 'firmware', 'ssh']);
    expect(world.of('wait').map(({ id, done, ok }) => [id, done, ok])).toEqual([
      ['ssh:core-provisioner', undefined, undefined],
      ['ssh:core-provisioner', true, true],
    ]);
    expect(world.of('notice').map(({ text }) => text)).toEqual([
      'core-01, core-02, core-03: powered on. A blank disk has no system to wait for; lesson 2 installs one over the network.',
    ]);
  });

  test('starts machines in the order of the lab, each a little after the one before', async () => {
    const began: number[] = [];
    const note = (name: string): PlannedCall => ({
      method: 'create',
      with: [name],
      returns: () => began.push(Date.now()),
    });
    const calls = ['core-01', 'core-02', 'core-03'].flatMap((name) => [note(name), starts(name)]);
    const lab = await open({ calls });
    await lab.up(['core-03', 'core-01', 'core-02']);
    const [first = 0, second = 0, third = 0] = began;
    expect(second - first).toBeGreaterThanOrEqual(200);
    expect(third - second).toBeGreaterThanOrEqual(200);
  });

  test('gives the provisioner image, Ignition and a port, and a node a blank disk', async () => {
    const calls = ['core-provisioner', 'core-01'].flatMap((name): PlannedCall[] => [
      { method: 'create', with: [name] },
      starts(name),
    ]);
    const lab = await open({ calls, anyOrder: true, ssh: answers });
    await lab.up(['core-provisioner', 'core-01']);
    const provisioner = specOf('core-provisioner');
    expect(provisioner.disk).toEqual({ sizeGiB: 8, base: (await lab.ensureImage()).disk });
    expect(provisioner.uplink?.sshPort).toBeGreaterThan(1023);
    const ignition = JSON.parse(await readFile(provisioner.ignitionFile ?? '', 'utf8'));
    expect(ignition.passwd.users[0].name).toBe('core');
    const node = specOf('core-01');
    expect(node.disk).toEqual({ sizeGiB: 8 });
    expect(node).not.toHaveProperty('uplink');
    expect(node).not.toHaveProperty('ignitionFile');
    expect(node.privateNic.mac).not.toBe(provisioner.privateNic.mac);
    expect(node.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(node.uuid).not.toBe(provisioner.uuid);
  });

  test('gives Flatcar on VirtualBox its configuration as what it takes from a config drive', async () => {
    const create = { method: 'create', with: ['core-provisioner'] } as const;
    const lab = await open({ calls: [create, starts('core-provisioner')], name: 'virtualbox', ssh: answers });
    await lab.up(['core-provisioner']);
    const { ignitionFile = '' } = specOf('core-provisioner');
    const text = await readFile(ignitionFile, 'utf8');
    expect(text).toMatch(/^#cloud-config\n/);
    expect(specOf('core-provisioner').disk.base).toMatch(/flatcar_production_virtualbox_image\.vmdk$/);
    expect(text).toContain('"hostname": "core-provisioner"');
    expect(text).toContain('"path": "/etc/ssh/ssh_host_ed25519_key"');
    expect((await stat(ignitionFile)).mode & 0o077).toBe(0);
  });

  test('of a running machine lets the provider mend what is around it, keeps its port, and boots nothing', async () => {
    const lab = await open({
      calls: [starts('core-provisioner')],
      ssh: answers,
      power: { 'core-provisioner': 'running' },
    });
    await writeFile(join(world.paths.labDirectory, 'ssh-ports.json'), '{"core-provisioner":50022}');
    await lab.up(['core-provisioner']);
    expect(world.changes()).toEqual(['start core-provisioner']);
    expect(states()).toEqual([]);
    expect(specOf('core-provisioner').uplink?.sshPort).toBe(50022);
    await expect(readFile(join(world.paths.labDirectory, 'machines/core-provisioner/boot.json'))).rejects.toThrow(
      'ENOENT',
    );
  });

  test.each([
    ['without a hypervisor', { usable: false }, [], { code: 'QEMU_MISSING', message: 'No QEMU.', exitCode: 2 }],
    ['without an image', { withoutImage: true }, [], { code: 'IMAGE_MISSING', exitCode: 2 }],
    ['of an unknown machine', {}, ['core-9'], { code: 'UNKNOWN_MACHINE', exitCode: 2 }],
  ])('%s touches no machine', async (_name, options, names, fault) => {
    const lab = await open(options);
    await expect(lab.up(names)).rejects.toMatchObject(fault);
    expect(world.changes()).toEqual([]);
    expect(states()).toEqual([]);
  });

  test('needs no image for nodes alone', async () => {
    const lab = await open({ withoutImage: true, calls: [{ method: 'create', with: ['core-02'] }, starts('core-02')] });
    await lab.up(['core-02']);
    expect(world.changes()).toEqual(['create core-02', 'start core-02']);
  });

  test('of machines that do not fit together starts none of them; what runs already does not count', async () => {
    const lab = await open({ calls: [starts('core-01')], power: { 'core-01': 'running' } });
    for (const machine of world.config.machines) machine.memory = 2 ** 30;
    await expect(lab.up(['core-01', 'core-02', 'core-03'])).rejects.toMatchObject({
      code: 'NOT_ENOUGH_MEMORY',
      message: expect.stringMatching(/^core-02, core-03 together need/),
    });
    expect(world.changes()).toEqual([]);
    await lab.up(['core-01']);
  });

  test('when one machine cannot start goes on with the others, then says why', async () => {
    const fault = new LabError({ code: 'QEMU_START', message: 'core-01 cannot start', remedy: [] });
    const lab = await open({
      anyOrder: true,
      calls: [
        { method: 'create', with: ['core-01'] },
        { method: 'start', with: ['core-01'], throws: fault },
        { method: 'create', with: ['core-02'] },
        starts('core-02'),
      ],
      power: { 'core-01': 'poweroff' },
    });
    await expect(lab.up(['core-01', 'core-02'])).rejects.toBe(fault);
    expect(states()).toEqual(['core-01 starting', 'core-01 poweroff', 'core-02 starting', 'core-02 running']);
  });

  test('says why a machine could not start, also when its state cannot be read then', async () => {
    const fault = new LabError({ code: 'QEMU_START', message: 'core-01 cannot start', remedy: [] });
    const lab = await open({
      calls: [
        {
          method: 'create',
          with: ['core-01'],
          returns: () => {
            world.provider.states = () => Promise.reject(new Error('no states'));
            throw fault;
          },
        },
      ],
    });
    await expect(lab.up(['core-01'])).rejects.toBe(fault);
    expect(states()).toEqual(['core-01 starting', 'core-01 poweroff']);
  });

  test('that is aborted does not start the machines that were to come', async () => {
    const stop = new AbortController();
    const lab = await open({
      calls: [
        { method: 'create', with: ['core-01'] },
        { method: 'start', with: ['core-01'], returns: () => stop.abort(new DOMException('cancelled', 'AbortError')) },
      ],
    });
    const started = Date.now();
    await expect(lab.up([], { signal: AbortSignal.abort(new DOMException('early', 'AbortError')) })).rejects.toThrow(
      'early',
    );
    await expect(lab.up(['core-01', 'core-02', 'core-03'], { signal: stop.signal })).rejects.toThrow('cancelled');
    expect(Date.now() - started).toBeLessThan(2000);
    expect(world.changes()).toEqual(['create core-01', 'start core-01']);
  });

  test('of a provisioner that goes off meanwhile shows its last lines', async () => {
    const lab = await open({
      calls: [{ method: 'create', with: ['core-provisioner'] }, starts('core-provisioner', 'Kernel panic\r\n')],
      ssh: {
        ready: async () => {
          world.power.set('core-provisioner', 'aborted');
          return { ok: false, reason: 'refused' };
        },
      },
    });
    await expect(lab.up(['core-provisioner'])).rejects.toMatchObject({
      code: 'MACHINE_STOPPED',
      machine: 'core-provisioner',
      evidence: ['Kernel panic'],
      remedy: ['Start it again: coreos-lab up core-provisioner'],
    });
    expect(world.of('wait').at(-1)).toMatchObject({ done: true, ok: false });
  });
});

describe('halt', () => {
  test('presses the power button of what runs, and leaves the rest alone', async () => {
    const lab = await open({
      anyOrder: true,
      calls: [sets('shutdown', 'core-provisioner', 'poweroff'), sets('shutdown', 'core-02', 'poweroff')],
      power: { 'core-provisioner': 'running', 'core-01': 'poweroff', 'core-02': 'running', 'core-03': 'aborted' },
    });
    await lab.halt([]);
    expect(world.changes()).toEqual(['shutdown core-provisioner', 'shutdown core-02']);
    expect(world.provider.calls.find(({ method }) => method === 'shutdown')?.args[1]).toEqual({ timeout: 20_000 });
    expect(states().sort()).toEqual([
      'core-02 poweroff',
      'core-02 stopping',
      'core-provisioner poweroff',
      'core-provisioner stopping',
    ]);
  });

  test('wakes a paused machine first', async () => {
    const lab = await open({
      calls: [sets('resume', 'core-01', 'running'), sets('shutdown', 'core-01', 'poweroff')],
      power: { 'core-01': 'paused' },
    });
    await lab.halt(['core-01']);
    expect(world.changes()).toEqual(['resume core-01', 'shutdown core-01']);
  });

  test('cuts the power of a machine that does not react, and says so; slow hosts get longer', async () => {
    const late = new LabError({ code: 'SHUTDOWN_TIMEOUT', message: 'late', remedy: [] });
    const lab = await open({
      slowness: 10,
      calls: [
        { method: 'shutdown', with: ['core-01', { timeout: 60_000 }], throws: late },
        sets('powerOff', 'core-01', 'poweroff'),
      ],
      power: { 'core-01': 'running' },
    });
    await lab.halt(['core-01']);
    expect(world.changes()).toEqual(['shutdown core-01', 'powerOff core-01']);
    expect(world.of('notice').map(({ text }) => text)).toEqual([
      'core-01 did not react to the power button within 60 s: its power is cut.',
    ]);
  });

  test('by force cuts the power at once', async () => {
    const lab = await open({ calls: [sets('powerOff', 'core-01', 'poweroff')], power: { 'core-01': 'running' } });
    await lab.halt(['core-01'], { force: true });
    expect(world.changes()).toEqual(['powerOff core-01']);
  });

  test('that fails tells the state that the machine is in then', async () => {
    const fault = new LabError({ code: 'QMP', message: 'no answer', remedy: [] });
    const lab = await open({
      calls: [{ method: 'shutdown', with: ['core-01'], throws: fault }],
      power: { 'core-01': 'running' },
    });
    await expect(lab.halt(['core-01'])).rejects.toBe(fault);
    expect(states()).toEqual(['core-01 stopping', 'core-01 running']);
  });
});

describe('the other verbs', () => {
  test('reload is halt, then up', async () => {
    const lab = await open({
      calls: [sets('shutdown', 'core-01', 'poweroff'), { method: 'create', with: ['core-01'] }, starts('core-01')],
      power: { 'core-01': 'running' },
    });
    await lab.reload(['core-01']);
    expect(world.changes()).toEqual(['shutdown core-01', 'create core-01', 'start core-01']);
  });

  test('destroy removes each machine, also one that does not exist, and goes on after a fault', async () => {
    const fault = new LabError({ code: 'DESTROY', message: 'busy', remedy: [] });
    const lab = await open({
      anyOrder: true,
      calls: [
        { method: 'destroy', with: ['core-provisioner'], throws: fault },
        ...['core-01', 'core-02', 'core-03'].map((name) => sets('destroy', name, 'not_created')),
      ],
    });
    await expect(lab.destroy([])).rejects.toBe(fault);
    expect(world.changes()).toEqual(ALL.map((name) => `destroy ${name}`));
    expect(states()).toEqual(['core-01 not_created', 'core-02 not_created', 'core-03 not_created']);
  });

  test('reset begins a new boot', async () => {
    const lab = await open({ calls: [{ method: 'reset', with: ['core-01'] }], power: { 'core-01': 'running' } });
    await appendFile(world.logFile('core-01'), 'before');
    await lab.reset(['core-01']);
    const boot = JSON.parse(await readFile(join(world.paths.labDirectory, 'machines/core-01/boot.json'), 'utf8'));
    expect(boot).toEqual({ time: expect.any(Number), offset: 6 });
    expect(world.of('stage')).toMatchObject([{ machine: 'core-01', stage: 'power-on' }]);
  });

  test('status reads the states in one call and gives the uptime of what runs', async () => {
    const lab = await open({
      calls: [{ method: 'reset', with: ['core-01'] }],
      power: { 'core-01': 'running', 'core-02': 'aborted' },
    });
    await lab.reset(['core-01']);
    const before = world.provider.calls.length;
    expect(await lab.status()).toEqual([
      { name: 'core-provisioner', role: 'provisioner', state: 'not_created', ip: '192.168.2.2' },
      { name: 'core-01', role: 'node', state: 'running', uptime: expect.any(Number) },
      { name: 'core-02', role: 'node', state: 'aborted' },
      { name: 'core-03', role: 'node', state: 'not_created' },
    ]);
    expect(world.provider.calls.slice(before)).toEqual([{ method: 'states', args: [ALL] }]);
  });
});
