import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabEvent } from '../../src/engine/events.js';
import { parseLesson } from '../../src/steps/parse/parse-lesson.js';
import { Sandbox, until } from './sandbox.js';

const FILE = 'lessons/02-bootstrap-with-mayu.md';

/** Lesson 2 as a headless user runs it: real machines, real Mayu, real etcd. Then the faults that a stage brings. */
describe('lesson 2, headless', () => {
  let sandbox: Sandbox;
  const onProvisioner = (...words: string[]) => sandbox.lab(['exec', 'core-provisioner', '--', ...words]);
  const console = (machine: string) =>
    readFile(join(sandbox.directory, `state/coreos-lab/labs/default/machines/${machine}/console.log`), 'utf8').catch(
      () => '',
    );
  /** Resolves when the console of a machine shows a text that it did not show at the start. */
  const shown = (machine: string, text: string | RegExp) =>
    until(`"${text}" on ${machine}`, async () => (await console(machine)).match(text) !== null, 400_000);
  const kill = async (pattern: RegExp) => {
    const found = await sandbox.processes(pattern);
    expect(found.length).toBeGreaterThan(0);
    for (const { pid } of found) process.kill(pid, 'SIGKILL');
  };

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
    const { code, stdout, stderr } = await sandbox.lab(['run', 'bootstrap', '--json'], { timeout: 1_500_000 });
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
  });

  test('the lab says what it sees of the cluster and of the wire', async () => {
    const cluster = JSON.parse((await sandbox.lab(['cluster', '--json'])).stdout);
    expect(cluster.etcd).toMatchObject({ quorum: true });
    expect(cluster.mayu.hosts.map((host: { machine: string; state: string }) => [host.machine, host.state])).toEqual([
      ['core-01', 'running'],
      ['core-02', 'running'],
      ['core-03', 'running'],
    ]);
    const wire = (await sandbox.lab(['wire', '--machine', 'core-01'])).stdout;
    expect(wire).toMatch(/DHCP/);
    expect(wire).toMatch(/initrd\.cpio\.gz/);
    expect(wire).toMatch(/Ignition for serial 0800278e158a-0/);
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

  test('a damaged image is refused before the disk is written; sent again, the node installs', async () => {
    await sandbox.lab(['destroy', '--yes', 'core-03']);
    const file = '/var/lib/mayu/images/1.0.0/flatcar_production_pxe_image.cpio.gz';
    const damage = `sudo dd if=/dev/zero of=${file} bs=1M seek=60 count=1 conv=notrunc status=none`;
    expect((await onProvisioner(damage)).code).toBe(0);
    const refused = await sandbox.lab(['up', 'core-03'], { timeout: 700_000 });
    expect(refused.code).toBe(1);
    expect(await console('core-03')).toMatch(/labos: install: FAILED: .*damaged|cannot be mounted|labos: FAILED/);
    await sandbox.lab(['destroy', '--yes', 'core-03']);
    const sent = await sandbox.lab(['image', 'send']);
    expect(sent.code, sent.stderr).toBe(0);
  });

  test('Mayu, the switch and a machine in mid-install may be killed: up again completes', async () => {
    const child = sandbox.spawn(['up', 'core-03']);
    const ended = new Promise((done) => child.on('close', done));
    await shown('core-03', /initrd\.cpio\.gz/);
    await kill(/switch\.js/);
    expect((await onProvisioner('sudo', 'pkill', '-9', '-x', 'mayu')).code).toBe(0);
    await shown('core-03', /labos: install: \d+% \/usr/);
    await kill(/qemu-system.*-name core-03/);
    await ended;
    const again = await sandbox.lab(['up', 'core-03'], { timeout: 700_000 });
    expect(again.code, again.stderr).toBe(0);
    const name = await sandbox.lab(['exec', 'core-03', '--', 'hostname']);
    expect(name.stdout).toBe('core-03\n');
    await until(
      'three members',
      async () => JSON.parse((await sandbox.lab(['cluster', '--json'])).stdout).etcd?.members?.length === 3,
      200_000,
    );
  });
});
