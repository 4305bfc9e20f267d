import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Lab } from '../lab.js';
import type { MachineSpec } from '../providers/provider.js';
import type { Ssh } from '../ssh/ssh.js';
import { createLab } from './create-lab.js';
import { makeTestLab, type TestLab, type TestLabOptions } from './test-support.js';

let world: TestLab;
const opened: TestLab[] = [];
async function open(options: TestLabOptions): Promise<Lab> {
  world = await makeTestLab(options);
  opened.push(world);
  await writeFile(join(world.paths.labDirectory, 'ssh-ports.json'), '{"core-provisioner":50022}');
  return createLab(world);
}
afterEach(async () => {
  for (const each of opened.splice(0)) {
    each.provider.verify();
    await each.dispose();
  }
});

const saved = (...machines: string[]) => [{ name: 'clean', time: 1, machines, bytes: 10 }];
const listed = (...machines: string[]) =>
  ({ method: 'savepoints', returns: saved(...machines), always: true }) as const;

describe('a savepoint', () => {
  test('holds the machines that exist, running or not', async () => {
    const lab = await open({
      calls: [{ method: 'save', with: [['core-provisioner', 'core-02'], 'clean'] }],
      power: { 'core-provisioner': 'running', 'core-02': 'poweroff' },
    });
    await lab.save('clean');
    expect(world.of('savepoint')).toEqual([
      {
        type: 'savepoint',
        action: 'saved',
        name: 'clean',
        machines: ['core-provisioner', 'core-02'],
        duration: expect.any(Number),
      },
    ]);
  });

  test('of nothing is refused', async () => {
    const lab = await open({});
    await expect(lab.save('clean')).rejects.toMatchObject({ code: 'NOTHING_TO_SAVE', exitCode: 2 });
  });

  test.each(['', '-x', '.x', 'a b', 'a/b', '../x', 'ä', 'x'.repeat(41)])('cannot be called %j', async (name) => {
    const lab = await open({ power: { 'core-01': 'running' } });
    await expect(lab.save(name)).rejects.toMatchObject({ code: 'SAVEPOINT_NAME', exitCode: 2 });
  });

  test.each(['a', 'Lesson-1.done_2', 'x'.repeat(40)])('can be called %j', async (name) => {
    const lab = await open({ calls: [{ method: 'save', with: [['core-01'], name] }], power: { 'core-01': 'running' } });
    await lab.save(name);
    expect(world.changes()).toHaveLength(1);
  });

  test('that cannot be saved tells nothing', async () => {
    const fault = new Error('disk');
    const lab = await open({ calls: [{ method: 'save', throws: fault }], power: { 'core-01': 'running' } });
    await expect(lab.save('clean')).rejects.toBe(fault);
    expect(world.emitted).toEqual([]);
  });

  test('that is not there is named with those that are', async () => {
    const lab = await open({ calls: [listed('core-01')] });
    const fault = { code: 'NO_SAVEPOINT', exitCode: 2, remedy: ['Saved are: clean.'] };
    await expect(lab.restore('claen')).rejects.toMatchObject(fault);
    await expect(lab.discard('claen')).rejects.toMatchObject(fault);
    const empty = await open({ calls: [{ method: 'savepoints', returns: [] }] });
    await expect(empty.restore('clean')).rejects.toMatchObject({ remedy: [expect.stringContaining('snapshot save')] });
  });

  test('is discarded with the machines that it holds', async () => {
    const lab = await open({ calls: [listed('core-02'), { method: 'discard', with: [['core-02'], 'clean'] }] });
    await lab.discard('clean');
    expect(world.of('savepoint')).toMatchObject([{ action: 'discarded', machines: ['core-02'] }]);
    expect(await lab.savepoints()).toEqual(saved('core-02'));
  });
});

describe('going back', () => {
  test('restores the group, drops the old connections, then sets the clock', async () => {
    const order: string[] = [];
    const script: Ssh['script'] = async (target, text) => {
      order.push(
        `${target.machine}:${target.port}: ${text.replace(/\d{9,}/, (digits) => (Math.abs(Number(digits) - Date.now() / 1000) < 60 ? 'NOW' : digits))}`,
      );
      return { exitCode: 0, stdout: '', stderr: '', timedOut: false, duration: 1 };
    };
    const lab = await open({
      calls: [
        listed('core-provisioner', 'core-01'),
        {
          method: 'restore',
          with: [['core-provisioner', 'core-01'], 'clean'],
          returns: () => {
            order.push('restore');
            world.power.set('core-provisioner', 'running');
          },
        },
      ],
      power: { 'core-provisioner': 'running', 'core-01': 'running' },
      ssh: { script, drop: async () => void order.push('drop') },
    });
    await lab.restore('clean');
    expect(order).toEqual(['restore', 'drop', 'core-provisioner:50022: sudo date -s @NOW > /dev/null']);
    const [provisioner, node] = world.provider.calls.find(({ method }) => method === 'restore')
      ?.args[0] as MachineSpec[];
    expect(provisioner?.uplink?.sshPort).toBe(50022);
    expect(provisioner?.disk.base).toBe((await lab.ensureImage()).disk);
    expect(node?.disk).not.toHaveProperty('base');
    expect(world.of('savepoint')).toMatchObject([{ action: 'restored', machines: ['core-provisioner', 'core-01'] }]);
  });

  test('is refused where it holds a machine that lab.yaml does not have any more', async () => {
    const lab = await open({ calls: [listed('core-01', 'core-09')] });
    await expect(lab.restore('clean')).rejects.toMatchObject({
      code: 'SAVEPOINT_MACHINES',
      exitCode: 2,
      message: 'Savepoint clean holds core-09, which is no machine of this lab any more.',
      remedy: [expect.stringContaining('lab.yaml'), 'Or give the savepoint up: coreos-lab snapshot discard clean'],
    });
    expect(world.provider.calls.map(({ method }) => method)).not.toContain('restore');
    const two = await open({ calls: [listed('core-08', 'core-09')] });
    await expect(two.restore('clean')).rejects.toMatchObject({ message: expect.stringContaining('are no machines') });
  });

  test('says which machines are newer than the savepoint, and which did not come back', async () => {
    const [savepoint] = saved('core-01');
    const lab = await open({
      calls: [
        {
          method: 'savepoints',
          returns: [{ ...savepoint, gone: ['core-03', 'core-04', 'core-02', 'core-03'] }],
          always: true,
        },
        { method: 'restore', with: [['core-01'], 'clean'] },
      ],
      power: { 'core-01': 'running', 'core-02': 'running' },
      ssh: { drop: async () => {} },
    });
    await lab.restore('clean');
    expect(world.of('notice').map(({ level, text }) => `${level}: ${text}`)).toEqual([
      'warning: core-02 is not in savepoint clean and stays as it is, though the others are as they were before it. Make it anew: coreos-lab destroy core-02, then coreos-lab up core-02',
      'warning: core-03 was destroyed since clean was saved, and did not come back. Make it anew: coreos-lab up core-03',
      'warning: core-04 was removed since clean was saved, and did not come back. Mayu and etcd may count on it again. Add it: coreos-lab add core-04',
    ]);
  });

  test('says nothing where the lab has the same machines', async () => {
    const calls = [listed('core-01'), { method: 'restore' } as const];
    const lab = await open({ calls, power: { 'core-01': 'poweroff' }, ssh: { drop: async () => {} } });
    await lab.restore('clean');
    expect(world.of('notice')).toEqual([]);
  });

  test('asks nothing of a provisioner that was off, and a clock that cannot be set is no fault', async () => {
    const calls = [listed('core-provisioner'), { method: 'restore' } as const];
    const off = await open({ calls, power: { 'core-provisioner': 'poweroff' }, ssh: { drop: async () => {} } });
    await off.restore('clean');
    const script = () => Promise.reject(new Error('no ssh'));
    const on = await open({ calls, power: { 'core-provisioner': 'running' }, ssh: { drop: async () => {}, script } });
    await on.restore('clean');
    expect(world.of('savepoint')).toHaveLength(1);
  });

  test('needs the image, and keeps its connections when it fails', async () => {
    const without = await open({ calls: [listed('core-01')], withoutImage: true });
    await expect(without.restore('clean')).rejects.toMatchObject({ code: 'IMAGE_MISSING' });
    const fault = new Error('broken');
    const lab = await open({ calls: [listed('core-01'), { method: 'restore', throws: fault }] });
    await expect(lab.restore('clean')).rejects.toBe(fault);
    expect(world.of('savepoint')).toEqual([]);
  });
});
