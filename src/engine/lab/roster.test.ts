import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { withAddedMachines } from '../config/added.js';
import { checkConfig } from '../config/check.js';
import { defaultLabConfig } from '../config/defaults.js';
import { nextMachine } from '../config/next-machine.js';
import { LabError } from '../errors.js';
import type { Lab } from '../lab.js';
import type { Ssh } from '../ssh/ssh.js';
import { createLab } from './create-lab.js';
import { makeTestLab, type TestLab, type TestLabOptions } from './test-support.js';

let world: TestLab;
async function open(options: TestLabOptions = {}): Promise<Lab> {
  world = await makeTestLab(options);
  await writeFile(join(world.paths.labDirectory, 'ssh-ports.json'), '{"core-provisioner":50022}');
  return createLab(world);
}
afterEach(async () => {
  world?.provider.verify();
  await world?.dispose();
});
const names = () => world.config.machines.map(({ name }) => name);
const notices = () => world.of('notice').map(({ text }) => text);

describe('the next machine', () => {
  test('has the next name, MAC and serial, and the size of the last node', () => {
    const config = defaultLabConfig();
    config.machines[3] = { ...(config.machines[3] as (typeof config.machines)[number]), memory: 2048 };
    expect(nextMachine(config)).toEqual({
      name: 'core-04',
      role: 'node',
      memory: 2048,
      cpus: 1,
      disk: 8,
      mac: '08:00:27:8e:15:8d',
      serial: '0800278e158d-0',
      added: true,
    });
  });

  test.each([
    ['core-09', '08:00:27:8e:15:ff', 'core-10', '08:00:27:8e:16:00'],
    ['core', '08:00:27:8e:15:90', 'core-01', '08:00:27:8e:15:91'],
    ['n1', '08:00:27:ff:ff:ff', 'n2', '08:00:27:00:00:00'],
    ['2', '08:00:27:8e:15:00', '3', '08:00:27:8e:15:02'],
  ])('after %s with %s is %s with %s', (name, mac, wantedName, wantedMac) => {
    const [provisioner] = defaultLabConfig().machines;
    const config = defaultLabConfig();
    config.machines = [provisioner as NonNullable<typeof provisioner>, { ...nextMachine(config, name), mac }];
    expect(nextMachine(config)).toMatchObject({ name: wantedName, mac: wantedMac });
  });

  test('takes the place of one that was removed, and never what is in use', () => {
    const config = defaultLabConfig();
    for (let count = 0; count < 7; count++) config.machines.push(nextMachine(config));
    expect(checkConfig(config)).toEqual([]);
    config.machines.splice(5, 1);
    const again = nextMachine(config, 'core-05');
    expect(checkConfig({ ...config, machines: [...config.machines, again] })).toEqual([]);
  });
});

describe('add', () => {
  test('makes it a machine like any other, also for later sessions', async () => {
    const lab = await open();
    const machine = await lab.add();
    expect(machine).toMatchObject({ name: 'core-04', memory: 1 });
    expect(names().at(-1)).toBe('core-04');
    expect((await lab.status()).at(-1)).toEqual({ name: 'core-04', role: 'node', state: 'not_created', added: true });
    expect(await lab.variables()).toMatchObject({ NODE_NAMES: 'core-01 core-02 core-03 core-04' });
    expect(notices()[0]).toMatch(/^core-04 was added: MAC 08:00:27:8e:15:8d/);
    const later = await withAddedMachines(defaultLabConfig(), world.paths.labDirectory);
    expect(later.machines.at(-1)).toEqual(machine);
  });

  test('under a name of one’s own; again it changes nothing', async () => {
    const lab = await open();
    const first = await lab.add('spare');
    expect(await lab.add('spare')).toBe(first);
    expect(await lab.add('core-01')).toMatchObject({ name: 'core-01' });
    expect(names()).toEqual(['core-provisioner', 'core-01', 'core-02', 'core-03', 'spare']);
    expect(notices().slice(1)).toEqual([
      'spare was added before: nothing to add.',
      'core-01 is declared in lab.yaml: nothing to add.',
    ]);
  });

  test.each(['', '../x', 'Core', 'host', 'a b', 'x'.repeat(33)])('takes no name like %j', async (name) => {
    const lab = await open();
    await expect(lab.add(name)).rejects.toMatchObject({ code: 'BAD_MACHINE_NAME', exitCode: 2 });
    expect(names()).toHaveLength(4);
  });

  test('ends where the addresses do', async () => {
    const lab = await open();
    for (let count = 0; count < 7; count++) await lab.add();
    await expect(lab.add()).rejects.toMatchObject({
      code: 'NO_PLACE',
      why: expect.stringContaining('fewer addresses'),
    });
    expect(names()).toHaveLength(11);
  });

  test('that cannot be written leaves the lab as it was', async () => {
    const lab = await open();
    await rm(world.paths.labDirectory, { recursive: true });
    await expect(lab.add()).rejects.toThrow('ENOENT');
    expect(names()).toHaveLength(4);
    await mkdir(world.paths.labDirectory, { recursive: true });
  });
});

describe('machines that were added', () => {
  test.each([
    '',
    '{',
    '{}',
    '[{"name":"core-04"}]',
    '[{"name":"../x","mac":"08:00:27:00:00:01","serial":"..","memory":1}]',
  ])('are none where the file holds %j', async (text) => {
    await open();
    await writeFile(join(world.paths.labDirectory, 'added-machines.json'), text);
    const config = await withAddedMachines(defaultLabConfig(), world.paths.labDirectory);
    expect(config).toEqual(defaultLabConfig());
  });

  test('give way to what lab.yaml declares', async () => {
    const lab = await open();
    await lab.add('core-04');
    await lab.add('core-05');
    const declared = defaultLabConfig();
    const own = { ...nextMachine(declared, 'other'), mac: '08:00:27:8e:15:8d' };
    declared.machines.push({ ...own, serial: '0800278e158d-0' });
    const { machines } = await withAddedMachines(declared, world.paths.labDirectory);
    expect(machines.map(({ name }) => name).slice(4)).toEqual(['other', 'core-05']);
  });
});

describe('remove', () => {
  const runs =
    (exitCode: number, scripts: string[]): Ssh['script'] =>
    async (target, script) => {
      scripts.push(`${target.machine}: ${script}`);
      return { exitCode, stdout: '', stderr: '', timedOut: false, duration: 1 };
    };
  const destroys = { method: 'destroy', with: ['core-04'] } as const;

  test('destroys it and forgets it, at Mayu too', async () => {
    const scripts: string[] = [];
    const lab = await open({
      calls: [destroys],
      ssh: { script: runs(0, scripts) },
      power: { 'core-provisioner': 'running' },
    });
    await lab.add();
    const folder = join(world.paths.labDirectory, 'machines', 'core-04');
    await mkdir(folder, { recursive: true });
    await lab.remove('core-04');
    expect(scripts).toEqual([
      'core-provisioner: sudo rm -rf /var/lib/mayu/cluster/0800278e158d-0 /var/lib/mayu/files/0800278e158d-0',
    ]);
    expect(names()).not.toContain('core-04');
    await expect(readFile(folder)).rejects.toThrow('ENOENT');
    expect((await withAddedMachines(defaultLabConfig(), world.paths.labDirectory)).machines).toHaveLength(4);
    await lab.remove('core-04');
    expect(notices().at(-1)).toBe('There is no machine core-04 in the lab: nothing to remove.');
  });

  test.each<[string, TestLabOptions]>([
    ['is off', {}],
    ['fails', { ssh: { script: runs(1, []) }, power: { 'core-provisioner': 'running' } }],
    [
      'does not answer',
      {
        ssh: { script: () => Promise.reject(new LabError({ code: 'SSH_REFUSED', message: '', remedy: [] })) },
        power: { 'core-provisioner': 'running' },
      },
    ],
  ])('where the provisioner %s says what stays there', async (_name, options) => {
    const lab = await open({ calls: [destroys], ...options });
    await lab.add();
    await lab.remove('core-04');
    expect(names()).not.toContain('core-04');
    expect(notices().at(-1)).toContain('coreos-lab exec core-provisioner -- sudo rm -rf /var/lib/mayu/cluster/');
  });

  test('that fails half-way can be repeated', async () => {
    const fault = new LabError({ code: 'DESTROY', message: 'busy', remedy: [] });
    const lab = await open({ calls: [{ ...destroys, throws: fault }, destroys] });
    await lab.add();
    await expect(lab.remove('core-04')).rejects.toBe(fault);
    expect(names()).toContain('core-04');
    await lab.remove('core-04');
    expect(names()).not.toContain('core-04');
  });

  test('leaves alone what lab.yaml declares', async () => {
    const lab = await open();
    await expect(lab.remove('core-01')).rejects.toMatchObject({ code: 'MACHINE_DECLARED', exitCode: 2 });
    await expect(lab.remove('../x')).rejects.toMatchObject({ code: 'BAD_MACHINE_NAME' });
    expect(world.changes()).toEqual([]);
  });
});
