import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterHost } from '../../src/engine/cluster/cluster-state.js';
import type { LabEvent } from '../../src/engine/events.js';
import type { UpdatesState } from '../../src/engine/updates/updates-state.js';
import { parseLesson } from '../../src/steps/parse/parse-lesson.js';
import { Sandbox, until } from './sandbox.js';

/** Lessons 2 and 3 as a headless user runs them: real machines, real Mayu, real etcd, real updates. */
describe('lessons 2 and 3, headless', () => {
  let sandbox: Sandbox;
  const onProvisioner = (...words: string[]) => sandbox.lab(['exec', 'core-provisioner', '--', ...words]);
  const onNode = async (name: string, script: string) => {
    const { code, stdout, stderr } = await sandbox.lab(['exec', name, '--', 'bash', '-c', script]);
    expect(code, stdout + stderr).toBe(0);
    return stdout.trim();
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

  /** Runs a lesson as a whole; resolves with its events. */
  async function everyStepPasses(id: string, file: string): Promise<LabEvent[]> {
    const { code, stdout, stderr } = await sandbox.lab(['run', id, '--json'], { timeout: 1_700_000 });
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
    const source = await readFile(file, 'utf8');
    const { lesson } = parseLesson(source, file);
    expect(steps.map((event) => event.type === 'step' && event.step)).toEqual(lesson?.steps.map((step) => step.id));
    const checks = events.flatMap((event) => (event.type === 'check' ? [`${event.step} ${event.name}`] : []));
    expect(new Set(checks).size).toBe((source.match(/^@test /gm) ?? []).length);
    return events;
  }

  test('every step passes: three machines boot from the network, are installed and form a cluster', async () => {
    const events = await everyStepPasses('bootstrap', 'lessons/02-bootstrap-with-mayu.md');
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

  test('every step passes: the cluster updates itself, a broken version falls back', async () => {
    const events = await everyStepPasses('updates', 'lessons/03-update-engine.md');
    // Who watches sees it: each node at work, somebody with the lock, and in the end all of them on the new version.
    const looks = events.filter((event) => event.type === 'updates');
    expect(looks.some((look) => look.type === 'updates' && look.lock.holders.length === 1)).toBe(true);
    const { nodes } = JSON.parse((await sandbox.lab(['updates', '--json'])).stdout) as UpdatesState;
    expect(nodes.map(({ machine, version }) => `${machine} ${version}`)).toEqual([
      'core-01 1.1.0',
      'core-02 1.1.0',
      'core-03 1.1.0',
    ]);
    const omaha = (await sandbox.lab(['wire', '--protocol', 'omaha'], { timeout: 60_000 })).stdout;
    expect(omaha).toMatch(/core-0\d.* asks for an update: has 1\.1\.0/);
  }, 1_800_000);

  test('a savepoint brings all four machines back', async () => {
    const restored = await sandbox.lab(['snapshot', 'restore', 'cluster-ready']);
    expect(restored.code, restored.stdout + restored.stderr).toBe(0);
    expect(await onNode('core-02', '. /etc/os-release; echo $VERSION_ID; etcdctl get greeting')).toMatch(
      /^1\.0\.0\ngreeting\nhello from core-01$/,
    );
  });

  test('power may fail while an update is written: the machine boots a whole version, and is updated after all', async () => {
    const begun = await sandbox.lab(['run', ...['idea', 'server', 'rules', 'ask'].map((step) => `updates#${step}`)], {
      timeout: 600_000,
    });
    expect(begun.code, begun.stdout + begun.stderr).toBe(0);
    const group = 'provision/update/apply group provision/update/group.json';
    expect((await onProvisioner('bash', '-c', group)).code).toBe(0);
    await onNode('core-01', 'update_engine_client -check_for_update');
    await until(
      'the download to be under way',
      async () => /DOWNLOADING/.test(await onNode('core-01', 'update_engine_client -status 2>&1')),
      120_000,
    );
    await kill(/qemu-system.*-name core-01/);
    const up = await sandbox.lab(['up', 'core-01'], { timeout: 400_000 });
    expect(up.code, up.stdout + up.stderr).toBe(0);
    expect(await onNode('core-01', '. /etc/os-release; echo $VERSION_ID; rootdev -s /usr')).toMatch(
      /^1\.0\.0\n\/dev\/vda3$/,
    );
    await until(
      'the update to be in place',
      async () => /UPDATED_NEED_REBOOT/.test(await onNode('core-01', 'update_engine_client -status 2>&1')),
      300_000,
    );
  }, 1_200_000);

  test('a server that lies about the size, and a slot that cannot be written, leave a machine as it was', async () => {
    const apply = (...words: string[]) =>
      onProvisioner('bash', '-c', `provision/update/apply ${words.join(' ')}`).then(({ code, stderr }) =>
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' }),
      );
    const failed = (code: number) =>
      until(
        `error ${code}`,
        async () =>
          new RegExp(`error ${code}\\b`).test(await onNode('core-02', 'sudo journalctl -u update-engine -b -o cat')),
        120_000,
      );
    const channel = (version: string) => apply('channel provision/update/channel.json', `package=${version}`);
    const lie = 'version=1.1.5 url=http://192.168.2.2:8000/flatcar/1.1.0/ size=1000 hash=AAAA';
    const sha256 = Buffer.alloc(32).toString('base64');
    await apply('package provision/update/package.json', lie, `flatcar_action='{"sha256":"${sha256}"}'`);
    await channel('1.1.5');
    await apply('group provision/update/group.json policy_safe_mode=false policy_max_updates_per_period=9');
    await onNode('core-02', 'sudo systemctl unmask update-engine; sudo systemctl start update-engine');
    await failed(11);

    // The partition's name leads to a device that answers everything with an error.
    await onNode(
      'core-02',
      `sudo dmsetup create bad --table "0 $(cat /sys/class/block/vda4/size) error"
      sudo mount --bind "$(readlink -f /dev/mapper/bad)" /dev/vda4`,
    );
    await channel('1.1.0');
    await onNode('core-02', 'update_engine_client -check_for_update');
    await failed(14);
    const slots = await onNode('core-02', '/opt/coreos-lab/slots');
    expect(slots).toMatch(/^USR-A .* 1 +runs$/m);
    expect(slots).toMatch(/^USR-B +\d+ +0 +0$/m);
    await onNode(
      'core-02',
      'sudo systemctl stop update-engine; sudo systemctl mask update-engine; sudo umount /dev/vda4; sudo dmsetup remove bad',
    );
  }, 600_000);

  test('without a quorum nobody gets the lock, and so nobody restarts', async () => {
    expect((await sandbox.lab(['halt', '--force', 'core-02', 'core-03'])).code).toBe(0);
    const boot = await onNode('core-01', 'cat /proc/sys/kernel/random/boot_id');
    await onNode('core-01', 'sudo systemctl unmask locksmithd; sudo systemctl --no-block start locksmithd');
    await until(
      'locksmith to say that it cannot',
      async () =>
        /Unlocking old locks failed|Failed to/.test(await onNode('core-01', 'sudo journalctl -u locksmithd -b -o cat')),
      120_000,
    );
    expect(await onNode('core-01', 'cat /proc/sys/kernel/random/boot_id')).toBe(boot);

    const up = await sandbox.lab(['up', 'core-02', 'core-03'], { timeout: 400_000 });
    expect(up.code, up.stdout + up.stderr).toBe(0);
    await sandbox.shown('core-01', /\/usr from USR-B/);
  }, 1_200_000);

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
