import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabEvent } from '../../src/engine/events.js';
import { parseLesson } from '../../src/steps/parse/parse-lesson.js';
import { run, Sandbox, until } from './sandbox.js';

/** Lesson 1 as a headless user runs it, then the faults that a workshop brings, on the machine that it left. */
describe('lesson 1, headless', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await Sandbox.create();
  });

  afterAll(async () => {
    expect(await sandbox.dispose()).toEqual([]);
  });

  test('four machines are not created yet', async () => {
    const { code, stdout } = await sandbox.lab(['status']);
    expect(code).toBe(0);
    expect(stdout.match(/^core-\S+\s+not created \(qemu\)$/gm)).toHaveLength(4);
  });

  test('every step passes, with a journal and a JUnit report', async () => {
    const report = join(sandbox.directory, 'report.xml');
    const { code, stdout, stderr } = await sandbox.lab(['run', 'sandbox', '--json', '--junit', report], {
      timeout: 850_000,
    });
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LabEvent);
    const steps = events.filter((event) => event.type === 'step' && event.status !== 'started');
    expect({
      code,
      stderr,
      failed: steps.filter((event) => event.type === 'step' && event.status !== 'passed'),
    }).toEqual({
      code: 0,
      stderr: '',
      failed: [],
    });

    const source = await readFile('lessons/01-up-the-sandbox.md', 'utf8');
    const { lesson } = parseLesson(source, 'lessons/01-up-the-sandbox.md');
    const passed = steps.flatMap((event) => (event.type === 'step' && event.lesson === 'sandbox' ? [event.step] : []));
    expect(passed).toEqual(lesson?.steps.map((step) => step.id));

    const declared = (source.match(/^@test /gm) ?? []).length - 1; // one @test is an example that the learner runs
    const checks = events.filter((event) => event.type === 'check' && event.lesson === 'sandbox');
    expect(checks.length).toBe(declared);
    expect(checks.every((event) => event.type === 'check' && event.ok)).toBe(true);

    const stages = events.flatMap((event) => (event.type === 'stage' ? [event.stage] : []));
    expect(stages).toEqual(expect.arrayContaining(['kernel', 'initrd', 'ignition', 'system', 'ssh']));

    const xml = await readFile(report, 'utf8');
    expect(xml).toMatch(/<testsuites\b[^>]*\bfailures="0"/);
    expect(xml.match(/<testcase\b/g)?.length).toBeGreaterThanOrEqual(declared);
  });

  test('the journal on disk holds the run, line by line', async () => {
    const runs = join(sandbox.directory, 'state/coreos-lab/labs/default/runs');
    const [id] = (await readdir(runs)).filter((name) => !name.includes('.'));
    const lines = (await readFile(join(runs, id as string, 'events.ndjson'), 'utf8')).trimEnd().split('\n');
    const seqs = lines.map((line) => (JSON.parse(line) as LabEvent).seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(seqs.length);
  });

  test('the machine answers to the lab’s commands and to plain ssh', async () => {
    const exec = await sandbox.lab(['exec', 'core-provisioner', '--', 'hostname']);
    expect(exec).toMatchObject({ code: 0, stdout: 'core-provisioner\n' });
    const failing = await sandbox.lab(['exec', 'core-provisioner', '--', 'false']);
    expect(failing.code).toBe(1);

    const { stdout: config } = await sandbox.lab(['ssh-config']);
    const file = join(sandbox.directory, 'ssh-config');
    await (await import('node:fs/promises')).writeFile(file, config);
    const { stdout } = await run('ssh', ['-F', file, 'core-provisioner', 'id', '-un']);
    expect(stdout.trim()).toBe('core');
  });

  test('a savepoint brings back what was changed since', async () => {
    await sandbox.lab(['exec', 'core-provisioner', '--', 'touch', '/home/core/after-the-savepoint']);
    const restore = await sandbox.lab(['snapshot', 'restore', 'provisioner-ready']);
    expect(restore.code, restore.stderr).toBe(0);
    const look = await sandbox.lab(['exec', 'core-provisioner', '--', 'ls', '/home/core']);
    expect(look.stdout).toContain('provision');
    expect(look.stdout).not.toContain('after-the-savepoint');
  });

  test('a killed QEMU is noticed, and up repairs it', async () => {
    for (const { pid } of await sandbox.processes(/qemu-system/)) process.kill(pid, 'SIGKILL');
    await until('the status to say so', async () =>
      /core-provisioner\s+aborted/.test((await sandbox.lab(['status'])).stdout),
    );
    const up = await sandbox.lab(['up', 'core-provisioner'], { timeout: 400_000 });
    expect(up.code, up.stderr).toBe(0);
    expect((await sandbox.lab(['exec', 'core-provisioner', '--', 'hostname'])).stdout).toBe('core-provisioner\n');
  });

  test('a killed switch comes back with the next ordinary command', async () => {
    const before = await sandbox.processes(/switch\.js/);
    expect(before).toHaveLength(1);
    for (const { pid } of before) process.kill(pid, 'SIGKILL');
    const up = await sandbox.lab(['up', 'core-provisioner']);
    expect(up.code, up.stderr).toBe(0);
    const after = await sandbox.processes(/switch\.js/);
    expect(after).toHaveLength(1);
    expect(after[0]?.pid).not.toBe(before[0]?.pid);
  });

  test('a step cut by kill -9 shows as interrupted and runs again', async () => {
    const child = sandbox.spawn(['run', 'sandbox#verify', '--json']);
    await new Promise<void>((done) => {
      let seen = '';
      child.stdout.on('data', (chunk) => {
        seen += chunk;
        if (seen.includes('"type":"action"')) done();
      });
    });
    child.kill('SIGKILL');
    const list = await sandbox.lab(['lessons', 'list', '--json']);
    expect(list.stdout).toContain('interrupted');
    const again = await sandbox.lab(['run', 'sandbox#verify']);
    expect(again.code, again.stdout + again.stderr).toBe(0);
  });

  test('two programs on one lab: the second is told who is using it', async () => {
    const holder = sandbox.spawn(['run', 'sandbox#verify', '--json']);
    const ended = new Promise((done) => holder.on('close', done));
    await new Promise<void>((done) => holder.stdout.once('data', () => done()));
    const second = await sandbox.lab(['run', 'sandbox#verify']);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(String(holder.pid));
    const status = await sandbox.lab(['status']);
    expect(status.code).toBe(0);
    await ended;
  });

  test('halt stops the machine cleanly; destroy leaves nothing', async () => {
    expect((await sandbox.lab(['halt'], { timeout: 200_000 })).code).toBe(0);
    expect((await sandbox.lab(['status'])).stdout).toMatch(/core-provisioner\s+powered? ?off/);
    expect((await sandbox.lab(['destroy', '--yes'])).code).toBe(0);
    expect((await sandbox.lab(['status'])).stdout.match(/not created/g)).toHaveLength(4);
    await until('every process to end', async () => (await sandbox.processes(/qemu-system|switch\.js/)).length === 0);
    const machines = join(sandbox.directory, 'state/coreos-lab/labs/default/machines');
    expect(await readdir(machines).catch(() => [])).toEqual([]);
  });
});
