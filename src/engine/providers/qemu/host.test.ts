import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Exec, ExecResult } from '../../exec.js';
import { createOneAtATime } from '../../one-at-a-time.js';
import { isNoSpace } from '../common/errors.js';
import { checkMemory } from '../common/memory.js';
import { checkPort } from '../common/port-check.js';
import { createSavepointStore } from '../common/savepoint-store.js';
import { startFailed } from './errors.js';
import { probeQemu } from './probe.js';
import { isNewEnough, parseVersion } from './version.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lab-host-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('memory', () => {
  const question = { machine: 'core-01', memoryMiB: 512, emulated: false, running: [], reserved: 0 };

  it('passes when there is enough and names both numbers when not', async () => {
    await checkMemory(question, 592);
    await expect(checkMemory(question, 591)).rejects.toMatchObject({
      code: 'NOT_ENOUGH_MEMORY',
      message: expect.stringMatching(/core-01 needs 592 MiB.*591 MiB are available/),
    });
  });

  it('counts what running and starting machines have not touched yet', async () => {
    // This process stands for a machine that was promised far more than it uses.
    const running = [{ pid: process.pid, memoryMiB: 50_000 }];
    await expect(checkMemory({ ...question, running }, 50_500)).rejects.toMatchObject({ code: 'NOT_ENOUGH_MEMORY' });
    await checkMemory({ ...question, running }, 51_000);
    await expect(checkMemory({ ...question, reserved: 512 }, 1000)).rejects.toMatchObject({
      code: 'NOT_ENOUGH_MEMORY',
    });
  });
});

describe('ports', () => {
  it('sees one that is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await expect(checkPort('core-provisioner', port)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    await new Promise((resolve) => server.close(resolve));
    await checkPort('core-provisioner', port);
  });
});

describe('what QEMU says', () => {
  const context = { sshPort: 2222, directory: '/lab' };

  it('is turned into codes', () => {
    const code = (stderr: string) => startFailed('core-01', stderr, context).code;
    expect(code("qemu: -netdev user,…: Could not set up host forwarding rule 'tcp:127.0.0.1:2222-:22'")).toBe(
      'PORT_TAKEN',
    );
    expect(code("cannot set up guest memory 'pc.ram': Cannot allocate memory")).toBe('NOT_ENOUGH_MEMORY');
    expect(code('Failed to get "write" lock\nIs another process using the image [disk.qcow2]?')).toBe('DISK_IN_USE');
    expect(code('Could not write: No space left on device')).toBe('DISK_FULL');
    expect(code('something else')).toBe('QEMU_START_FAILED');
    expect(startFailed('core-01', 'first\nthe reason\n', context).message).toContain('the reason');
  });

  it('tells a full disk', () => {
    expect(isNoSpace('qemu-img: -28 (No space left on device)')).toBe(true);
    expect(isNoSpace('Permission denied')).toBe(false);
  });

  it('has a version', () => {
    expect(parseVersion('QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg)')).toBe('7.2.22');
    expect(parseVersion('QEMU emulator version 10.1.0')).toBe('10.1.0');
    expect(parseVersion('command not found')).toBeUndefined();
    expect(['6.2.0', '7.1.9', '7.2.0', '8.0', '10.1.0'].map(isNewEnough)).toEqual([false, false, true, true, true]);
  });
});

describe('probing', () => {
  /** Strict: knows `--version` and what is on PATH; anything else throws. */
  function fakeExec(installed: string[], version: string): Exec {
    const unplanned = (): never => {
      throw new Error('unplanned');
    };
    return {
      which: async (program) => (installed.includes(program) ? `/usr/bin/${program}` : undefined),
      run: async (program, args): Promise<ExecResult> => {
        if (program !== 'qemu-system-x86_64' || args.join(' ') !== '--version') return unplanned();
        return { exitCode: 0, stdout: version, stderr: '', timedOut: false, duration: 1 };
      },
      daemon: async () => unplanned(),
      interactive: async () => unplanned(),
    };
  }
  const probe = (exec: Exec) => probeQemu({ exec, cacheDirectory: directory, probeImage: undefined, fresh: true });
  const both = ['qemu-system-x86_64', 'qemu-img'];

  it('names what is missing', async () => {
    const { report } = await probe(fakeExec(['qemu-system-x86_64'], 'version 7.2.1'));
    expect(report.usable).toBe(false);
    expect(report.problems[0]).toMatchObject({ code: 'QEMU_MISSING', message: expect.stringContaining('qemu-img') });
  });

  it('refuses an old one', async () => {
    const { report } = await probe(fakeExec(both, 'QEMU emulator version 6.2.0'));
    expect(report).toMatchObject({ usable: false, version: '6.2.0', problems: [{ code: 'QEMU_TOO_OLD' }] });
  });

  it('refuses one that does not tell its version', async () => {
    const { report } = await probe(fakeExec(both, 'Illegal instruction'));
    expect(report).toMatchObject({ usable: false, problems: [{ code: 'QEMU_BROKEN' }] });
  });
});

describe('savepoints on disk', () => {
  const record = (name: string, time: number, ...machines: string[]) => ({
    name,
    time,
    tag: `${name}.x`,
    machines: machines.map((machine) => ({ name: machine, live: true, running: true, bytes: 1 })),
  });

  it('come back in order of time, and forget destroyed machines', async () => {
    const store = createSavepointStore(directory);
    expect(await store.list()).toEqual([]);
    await store.write(record('b', 1, 'core-01', 'core-02'));
    await store.write(record('a', 2, 'core-01'));
    expect((await store.list()).map(({ name }) => name)).toEqual(['b', 'a']);
    await store.forget('core-01');
    expect(await store.list()).toEqual([{ ...record('b', 1, 'core-02'), gone: ['core-01'] }]);
    expect(await store.summary(['core-02'])).toMatchObject([{ name: 'b', machines: ['core-02'], gone: ['core-01'] }]);
    await store.drop('b', ['core-02']);
    expect(await store.list()).toEqual([]);
    await expect(async () => store.read('../x')).rejects.toMatchObject({ code: 'BAD_SAVEPOINT_NAME' });
  });
});

describe('savepoints on disk, of machines that are destroyed side by side', () => {
  it('lose all of them', async () => {
    const store = createSavepointStore(directory);
    const machines = ['core-01', 'core-02', 'core-03', 'core-04'].map((name) => ({
      name,
      live: true,
      running: true,
      bytes: 1,
    }));
    for (const name of ['a', 'b', 'c']) await store.write({ name, time: 1, tag: name, machines });
    await Promise.all(machines.slice(1).map(({ name }) => store.forget(name)));
    expect((await store.list()).map((record) => record.machines)).toEqual(Array(3).fill(machines.slice(0, 1)));
    await store.forget('core-01');
    expect(await store.list()).toEqual([]);
  });
});

describe('one at a time', () => {
  it('orders tasks of a key, also after failures, and leaves others alone', async () => {
    const oneAtATime = createOneAtATime();
    const order: string[] = [];
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const first = oneAtATime('a', async () => {
      await gate;
      order.push('first');
      throw new Error('failed');
    });
    const second = oneAtATime('a', async () => order.push('second'));
    await oneAtATime('b', async () => order.push('other'));
    open();
    await expect(first).rejects.toThrow('failed');
    await second;
    expect(order).toEqual(['other', 'first', 'second']);
  });
});
