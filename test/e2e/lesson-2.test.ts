import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabEvent } from '../../src/engine/events.js';
import { parseLesson } from '../../src/steps/parse/parse-lesson.js';
import { Sandbox } from './sandbox.js';

const FILE = 'lessons/02-bootstrap-with-mayu.md';

/** Lesson 2 as a headless user runs it: real machines, real Mayu, real etcd. */
describe('lesson 2, headless', () => {
  let sandbox: Sandbox;
  const onProvisioner = (...words: string[]) => sandbox.lab(['exec', 'core-provisioner', '--', ...words]);
  beforeAll(async () => {
    sandbox = await Sandbox.create();
    const provisioner = await sandbox.lab(['run', 'sandbox#up', 'sandbox#sync', 'sandbox#gateway'], {
      timeout: 600_000,
    });
    expect(provisioner.code, provisioner.stdout + provisioner.stderr).toBe(0);
  });

  afterAll(async () => {
    expect(await sandbox.dispose()).toEqual([]);
  });

  test('every step passes: three machines boot from the network, are installed and form a cluster', async () => {
    const { code, stdout, stderr } = await sandbox.lab(['run', 'bootstrap', '--json'], { timeout: 1_700_000 });
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LabEvent);
    const steps = events.filter((event) => event.type === 'step' && event.status !== 'started');
    expect({ code, stderr, failed: steps.filter((step) => step.type === 'step' && step.status !== 'passed') }).toEqual({
      code: 0,
      stderr: '',
      failed: [],
    });

    const source = await readFile(FILE, 'utf8');
    const { lesson } = parseLesson(source, FILE);
    expect(steps.map((event) => event.type === 'step' && event.step)).toEqual(lesson?.steps.map(({ id }) => id));
    const checks = events.filter((event) => event.type === 'check');
    expect(new Set(checks.map((event) => event.type === 'check' && event.name)).size).toBe(
      (source.match(/^@test /gm) ?? []).length,
    );

    const stages = events.flatMap((event) =>
      event.type === 'stage' && event.machine === 'core-01' ? [event.stage] : [],
    );
    expect(stages).toEqual(expect.arrayContaining(['dhcp', 'ipxe', 'kernel', 'ignition', 'install', 'ssh']));
  }, 1_800_000);

  test('the lab says what it sees of the cluster and of the wire', async () => {
    const cluster = JSON.parse((await sandbox.lab(['cluster', '--json'])).stdout);
    expect(cluster.etcd).toMatchObject({ quorum: true });
    expect(cluster.mayu.hosts.map((host: { machine: string; state: string }) => [host.machine, host.state])).toEqual([
      ['core-01', 'running'],
      ['core-02', 'running'],
      ['core-03', 'running'],
    ]);
    // Of a whole lesson the capture keeps the last 128 MiB: the boot of the machine that came last.
    const wire = (await sandbox.lab(['wire'], { timeout: 60_000 })).stdout;
    expect(wire).toMatch(/DHCP offer/);
    expect(wire).toMatch(/HTTP GET \/images\/initrd\.cpio\.gz 200/);
    expect(wire).toMatch(/Ignition for serial/);
  });

  test('dnsmasq that died is noticed, and the step that starts Mayu mends it', async () => {
    expect((await onProvisioner('sudo', 'pkill', '-x', 'dnsmasq')).code).toBe(0);
    const ready = await onProvisioner('provision/mayu/ready');
    expect(ready.code).not.toBe(0);
    expect(ready.stdout).toMatch(/^MISSING +DHCP/m);
    expect(ready.stdout).toMatch(/^ok +API/m);
    const again = await sandbox.lab(['run', 'bootstrap#start'], { timeout: 400_000 });
    expect(again.code, again.stdout + again.stderr).toBe(0);
  });
});
