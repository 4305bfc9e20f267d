import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MachineSpec } from '../provider.js';
import { createVirtualBoxProvider } from './provider.js';
import { HOST, type PlannedRun, recordedExec } from './test-support.js';

const PROBE: PlannedRun[] = [
  { args: '--version', answer: 'version' },
  { args: 'list extpacks', answer: 'list-extpacks' },
];
const spec: MachineSpec = {
  name: 'core-01',
  role: 'node',
  memoryMiB: 64,
  cpus: 1,
  disk: { sizeGiB: 8 },
  privateNic: { mac: '08:00:27:8e:15:8a' },
  serial: '0800278e158a-0',
  uuid: '11111111-2222-3333-4444-555555555555',
  bootOrder: ['disk', 'net'],
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lab-vb-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const folder = (name: string) => join(directory, 'lab', 'machines', name);

function provide(calls: PlannedRun[]) {
  const exec = recordedExec(calls);
  const provider = createVirtualBoxProvider({
    exec,
    labDirectory: join(directory, 'lab'),
    runtimeDirectory: join(directory, 'run'),
    switchScript: '/no/switch.js',
    host: HOST,
  });
  return { provider, exec };
}

/** As create() leaves it. */
function made(name: string, uuid: string): void {
  mkdirSync(folder(name), { recursive: true });
  writeFileSync(join(folder(name), 'virtualbox.json'), JSON.stringify({ uuid }));
  writeFileSync(join(folder(name), 'spec.json'), JSON.stringify({ ...spec, name }));
  writeFileSync(join(folder(name), 'disk.vdi'), '');
}

function listed(name: string, uuid: string, state: string, home = join(folder(name), 'virtualbox')): string {
  return [
    `Name:                        lab-${name}`,
    `UUID:                        ${uuid}`,
    `Config file:                 ${home}/lab-${name}/lab-${name}.vbox`,
    `State:                       ${state} (since 2026-11-22T07:09:53.871000000)`,
    '',
  ].join('\n');
}

const list = (...machines: string[]): PlannedRun => ({
  args: 'list --long vms',
  answer: { stdout: machines.join('\n') },
  always: true,
});

describe('states', () => {
  it('takes one call for all machines, and none where no machine was made', async () => {
    const { provider, exec } = provide([
      list(listed('m1', 'u1', 'running'), listed('m2', 'u2', 'saved'), listed('m3', 'u3', 'aborted')),
    ]);
    expect([...(await provider.states(['m1', 'm2'])).values()]).toEqual(['not_created', 'not_created']);
    expect(exec.calls).toEqual([]);
    for (const [name, uuid] of [
      ['m1', 'u1'],
      ['m2', 'u2'],
      ['m3', 'u3'],
      ['m4', 'u4'],
    ] as const)
      made(name, uuid);
    expect([...(await provider.states(['m1', 'm2', 'm3', 'm4', 'm5']))]).toEqual([
      ['m1', 'running'],
      ['m2', 'poweroff'],
      ['m3', 'aborted'],
      ['m4', 'not_created'],
      ['m5', 'not_created'],
    ]);
    expect(exec.calls).toEqual(['list --long vms']);
  });

  it('does not take a machine for its own that lies elsewhere, or has only the name', async () => {
    made('m1', 'u1');
    made('m2', 'u2');
    const { provider, exec } = provide([
      list(listed('m1', 'u1', 'running', '/other/lab/machines/m1/virtualbox'), listed('m2', 'other', 'running')),
    ]);
    expect([...(await provider.states(['m1', 'm2'])).values()]).toEqual(['not_created', 'not_created']);
    await provider.powerOff('m1');
    await expect(provider.reset('m2')).rejects.toMatchObject({ code: 'MACHINE_NOT_RUNNING' });
    expect(exec.calls.filter((call) => !call.startsWith('list'))).toEqual([]);
  });

  it('counts a crashed machine as off once it was powered off, until it crashes again', async () => {
    made('m1', 'u1');
    const { provider } = provide([list(listed('m1', 'u1', 'aborted'))]);
    await provider.powerOff('m1');
    expect((await provider.states(['m1'])).get('m1')).toBe('poweroff');
    const again = provide([list(listed('m1', 'u1', 'aborted').replace('07:09:53', '08:00:00'))]);
    expect((await again.provider.states(['m1'])).get('m1')).toBe('aborted');
  });
});

describe('create', () => {
  it('records the UUID first and the spec last, and addresses the machine by the UUID', async () => {
    const { provider, exec } = provide([
      ...PROBE,
      list(),
      { args: 'createvm --name lab-core-01', answer: 'createvm' },
      { args: 'createmedium disk', answer: 'createmedium' },
      { args: 'modifyvm' },
      { args: 'setextradata' },
      { args: 'storagectl' },
      { args: 'storageattach' },
    ]);
    await provider.create(spec);
    exec.verify();
    const { uuid } = JSON.parse(readFileSync(join(folder('core-01'), 'virtualbox.json'), 'utf8'));
    const changing = exec.calls.filter((call) => /^(modifyvm|setextradata|storage)/.test(call));
    expect(changing.every((call) => call.split(' ')[1] === uuid)).toBe(true);
    expect(JSON.parse(readFileSync(join(folder('core-01'), 'spec.json'), 'utf8'))).toEqual(spec);
  });

  it('leaves no machine behind that counts as made when a call fails', async () => {
    const { provider } = provide([
      ...PROBE,
      list(),
      { args: 'createvm', answer: 'createvm' },
      { args: 'createmedium', answer: 'createmedium-exists' },
    ]);
    await expect(provider.create(spec)).rejects.toMatchObject({ code: 'VIRTUALBOX_FAILED', machine: 'core-01' });
    expect(existsSync(join(folder('core-01'), 'spec.json'))).toBe(false);
  });

  it('has VirtualBox forget a disk that was made and never attached, before another one takes its place', async () => {
    const stopped = new AbortController();
    const { provider, exec } = provide([
      ...PROBE,
      list(),
      { args: 'createvm', answer: 'createvm' },
      { args: 'createmedium', answer: 'createmedium' },
      { args: `closemedium disk ${folder('core-01')}/disk.vdi` },
      { args: 'createvm', answer: 'createvm' },
      { args: 'createmedium', answer: 'createmedium' },
      { args: 'modifyvm' },
      { args: 'setextradata' },
      { args: 'storagectl' },
      { args: 'storageattach' },
    ]);
    const { run } = exec;
    exec.run = async (program, args, options) => {
      const result = await run(program, args, options);
      if (args[0] === 'createmedium') stopped.abort(new Error('stop'));
      return result;
    };
    await expect(provider.create(spec, { signal: stopped.signal })).rejects.toThrow('stop');
    await provider.create(spec);
    exec.verify();
  });

  it('never touches a machine of that name that it did not make', async () => {
    const { provider, exec } = provide([...PROBE, list(listed('core-01', 'foreign', 'running', '/home/somebody'))]);
    await expect(provider.create(spec)).rejects.toMatchObject({ code: 'MACHINE_NAME_TAKEN', exitCode: 2 });
    await provider.destroy('core-01');
    expect(exec.calls.every((call) => call.startsWith('list') || call === '--version')).toBe(true);
  });
});

describe('power', () => {
  it('powers off a machine that went off in this very moment', async () => {
    made('m1', 'u1');
    let state = 'running';
    const { provider, exec } = provide([
      { args: 'controlvm u1 poweroff', answer: 'controlvm-notrunning-poweroff' },
      { args: 'list --long vms', always: true },
    ]);
    const run = exec.run;
    exec.run = async (program, args, options) => {
      const result = await run(program, args, options);
      if (args[0] !== 'list') state = 'powered off';
      return args[0] === 'list' ? { ...result, stdout: listed('m1', 'u1', state) } : result;
    };
    await provider.powerOff('m1');
    exec.verify();
  });

  it('throws the saved memory of a machine away when it is powered off', async () => {
    made('m1', 'u1');
    const { provider, exec } = provide([{ args: 'discardstate u1' }, list(listed('m1', 'u1', 'saved'))]);
    await provider.powerOff('m1');
    exec.verify();
  });

  it('pauses and resumes only where that changes something', async () => {
    made('m1', 'u1');
    const { provider, exec } = provide([{ args: 'controlvm u1 resume' }, list(listed('m1', 'u1', 'paused'))]);
    await provider.pause('m1');
    await provider.resume('m1');
    exec.verify();
    await expect(provide([list(listed('m1', 'u1', 'powered off'))]).provider.pause('m1')).rejects.toMatchObject({
      code: 'MACHINE_NOT_RUNNING',
      machine: 'm1',
    });
  });
});
