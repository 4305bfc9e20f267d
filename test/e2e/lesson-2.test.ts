import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterHost } from '../../src/engine/cluster/cluster-state.js';
import type { LabEvent } from '../../src/engine/events.js';
import { parseLesson } from '../../src/steps/parse/parse-lesson.js';
import { Sandbox, until } from './sandbox.js';

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
    // They are listed by address, and addresses go by the order of arrival.
    const hosts = cluster.mayu.hosts.map(({ machine, state }: ClusterHost) => `${machine} ${state}`);
    expect(hosts.sort()).toEqual(['core-01 running', 'core-02 running', 'core-03 running']);
    // Of a whole lesson the capture keeps the last 128 MiB: the boot of the machine that came last.
    const wire = (await sandbox.lab(['wire'], { timeout: 60_000 })).stdout;
    expect(wire).toMatch(/DHCP offer/);
    expect(wire).toMatch(/HTTP GET \/images\/initrd\.cpio\.gz 200/);
    expect(wire).toMatch(/Ignition for serial/);
  });

  test('a machine that nobody answers says so, and the step that starts Mayu mends it', async () => {
    // What comes is about one machine: the others only cost time.
    expect((await sandbox.lab(['destroy', '--yes', 'core-01', 'core-02', 'core-03'])).code).toBe(0);
    expect((await sandbox.lab(['add', 'core-04'])).code).toBe(0);
    expect((await sandbox.lab(['mayu', 'hosts'])).code).toBe(0);
    expect((await onProvisioner('sudo', 'pkill', '-x', 'dnsmasq')).code).toBe(0);
    const ready = await onProvisioner('provision/mayu/ready');
    expect(ready.code).not.toBe(0);
    expect(ready.stdout).toMatch(/^MISSING +DHCP/m);
    expect(ready.stdout).toMatch(/^ok +API/m);

    const silent = sandbox.follow(['up', 'core-04']);
    await silent.said(/core-04 finds nothing to boot: its disk has no system, and nobody on the network gave it one/);
    expect((await silent.interrupt()).code).not.toBe(0);
    expect((await sandbox.lab(['halt', '--force', 'core-04'])).code).toBe(0);
    const again = await sandbox.lab(['run', 'bootstrap#start'], { timeout: 400_000 });
    expect(again.code, again.stdout + again.stderr).toBe(0);
  });

  test('the switch, Mayu, the node and the provisioner may be killed while it is installed: up again completes', async () => {
    const cut = sandbox.follow(['up', 'core-04']);
    await sandbox.shown('core-04', /initrd\.cpio\.gz/);
    await kill(/switch\.js/);
    await cut.said(/switch of the private network had ended .* It was started again/);
    expect((await onProvisioner('sudo', 'pkill', '-9', '-x', 'mayu')).code).toBe(0);
    await sandbox.shown('core-04', /labos: install: \d+% \/usr/);
    await kill(/qemu-system.*-name core-04/);
    await kill(/qemu-system.*-name core-provisioner/);
    const { code, stdout, stderr } = await cut.ended;
    expect(code, stdout).toBe(1);
    expect(stderr).toMatch(/core-04 is gone: its hypervisor process ended/);

    const again = await sandbox.lab(['up', 'core-provisioner', 'core-04'], { timeout: 700_000 });
    expect(again.code, again.stdout + again.stderr).toBe(0);
    const name = await sandbox.lab(['exec', 'core-04', '--', 'hostname']);
    expect(name.stdout).toBe('core-04\n');
    await until(
      'Mayu to hear of it',
      async () => /running/.test((await sandbox.lab(['mayu', 'list'])).stdout),
      200_000,
    );
  });

  async function kill(pattern: RegExp): Promise<void> {
    const found = await sandbox.processes(pattern);
    expect(found).not.toEqual([]);
    for (const { pid } of found) process.kill(pid, 'SIGKILL');
  }
});
