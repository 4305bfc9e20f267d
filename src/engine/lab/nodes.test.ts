import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { LabError } from '../errors.js';
import type { Lab } from '../lab.js';
import type { Ssh, SshResult, SshTarget } from '../ssh/ssh.js';
import { createLab } from './create-lab.js';
import { makeTestLab, type TestLab, type TestLabOptions } from './test-support.js';

let world: TestLab;
/** What the provisioner answers for Mayu, sshd and etcd; a test may change it at any time. */
let mayu: Partial<SshResult>;
let greeting: string[];
let etcd: string[];
let scripts: string[];

const SERIALS = { 'core-01': '0800278e158a-0', 'core-02': '0800278e158b-0', 'core-03': '0800278e158c-0' };
const hosts = (ips: Partial<Record<keyof typeof SERIALS, string>>): Partial<SshResult> => ({
  exitCode: 0,
  stdout: JSON.stringify(
    Object.entries(ips).map(([name, ip]) => ({
      Serial: SERIALS[name as keyof typeof SERIALS],
      State: 'installing',
      InternalAddr: ip,
    })),
  ),
});
const MISSING = { exitCode: 7, stderr: 'LoadState=not-found\nActiveState=inactive\n' };
const STOPPED = { exitCode: 7, stderr: 'LoadState=loaded\nActiveState=failed\n' };
const refused = (target: SshTarget) =>
  new LabError({ code: 'SSH_REFUSED', message: `nobody at ${target.host}`, remedy: [], machine: target.machine });

async function open(options: TestLabOptions = {}): Promise<Lab> {
  mayu = MISSING;
  greeting = [];
  etcd = [];
  scripts = [];
  const script: Ssh['script'] = async (target, text, run) => {
    if (target.machine !== 'core-provisioner') throw new Error(`unplanned script on ${target.machine}`);
    expect(run).toMatchObject({ quiet: true });
    const what = text.startsWith('curl ') ? 'hosts' : text.startsWith('mayu() (') ? 'look' : text;
    scripts.push(what);
    const { exitCode = 0, stdout = '', stderr = '' } = mayu;
    const lines = `${exitCode === 0 ? stdout : stderr}`.trimEnd().split('\n');
    const found = [...lines.map((line) => `mayu ${exitCode} ${line}`), ...greeting.map((address) => `ssh ${address}`)];
    const answer = what === 'look' ? { exitCode: 0, stdout: [...found, ...etcd].join('\n') } : mayu;
    return { exitCode: 0, stdout: '', stderr: '', timedOut: false, duration: 1, ...answer };
  };
  world = await makeTestLab({
    power: { 'core-provisioner': 'running', 'core-01': 'running', 'core-02': 'running' },
    ...options,
    ssh: { script, ...options.ssh },
  });
  await writeFile(join(world.paths.labDirectory, 'ssh-ports.json'), '{"core-provisioner":50022}');
  return createLab(world);
}
const remember = (known: Record<string, string>) =>
  writeFile(
    join(world.paths.labDirectory, 'nodes.json'),
    JSON.stringify(
      Object.fromEntries(
        Object.entries(known).map(([name, ip]) => [name, { serial: SERIALS[name as keyof typeof SERIALS], ip }]),
      ),
    ),
  );
const remembered = async () =>
  JSON.parse(await readFile(join(world.paths.labDirectory, 'nodes.json'), 'utf8').catch(() => '{}'));

/** What the console shows when the system on the disk starts; before that no sshd can answer, and nobody is asked. */
const SYSTEM = 'systemd[1]: systemd 252 running in system mode\r\n';
const systemsStart = (...names: string[]) =>
  setTimeout(() => {
    for (const name of names) void appendFile(world.logFile(name), SYSTEM);
  }, 600);

afterEach(async () => {
  world.provider.verify();
  await world.dispose();
});

describe('a node is reached', () => {
  const result: SshResult = { exitCode: 0, stdout: '', stderr: '', timedOut: false, duration: 1 };

  /** ssh to nodes that answers at these addresses only. */
  function nodeSsh(...answering: string[]) {
    const tried: string[] = [];
    const base = world.ssh.script;
    world.ssh.script = async (target, text, options) => {
      if (target.via === undefined) return base(target, text, options);
      tried.push(`${target.machine} ${target.host} via ${target.via.machine}`);
      if (!answering.includes(target.host)) throw refused(target);
      return result;
    };
    return tried;
  }

  test('at the address that Mayu gave it, which is asked for once', async () => {
    const lab = await open();
    const tried = nodeSsh('192.168.2.22');
    mayu = hosts({ 'core-01': '192.168.2.22' });
    await lab.exec('core-01', 'true');
    await lab.exec('core-01', 'true');
    expect(tried).toEqual(Array(2).fill('core-01 192.168.2.22 via core-provisioner'));
    expect(scripts).toEqual(['hosts']);
  });

  test('while Mayu is down, at the address of before', async () => {
    const lab = await open();
    const tried = nodeSsh('192.168.2.22');
    await remember({ 'core-01': '192.168.2.22' });
    await lab.exec('core-01', 'true');
    expect(tried).toHaveLength(1);
    expect(scripts).toEqual([]);
  });

  test('at a new address when it does not answer at the old one', async () => {
    const lab = await open();
    const tried = nodeSsh('192.168.2.23');
    await remember({ 'core-01': '192.168.2.22' });
    mayu = hosts({ 'core-01': '192.168.2.23' });
    await lab.exec('core-01', 'true');
    expect(tried.map((line) => line.split(' ')[1])).toEqual(['192.168.2.22', '192.168.2.23']);
    expect(await remembered()).toMatchObject({ 'core-01': { ip: '192.168.2.23' } });
  });

  test('not at all when it does not answer and Mayu has no other address: the error is that of ssh', async () => {
    const lab = await open();
    const tried = nodeSsh();
    await remember({ 'core-01': '192.168.2.22' });
    mayu = hosts({ 'core-01': '192.168.2.22' });
    await expect(lab.exec('core-01', 'true')).rejects.toMatchObject({ code: 'SSH_REFUSED' });
    expect(tried).toHaveLength(1);
  });

  test('never twice when the script may have begun', async () => {
    const lab = await open();
    await remember({ 'core-01': '192.168.2.22' });
    const lost = new LabError({ code: 'SSH_LOST', message: 'broke', remedy: [] });
    world.ssh.script = () => Promise.reject(lost);
    await expect(lab.exec('core-01', 'true')).rejects.toBe(lost);
  });

  test('by no way without an address: the error says why, and what to do', async () => {
    const lab = await open();
    await expect(lab.exec('core-01', 'true')).rejects.toMatchObject({
      code: 'SSH_NO_ADDRESS',
      machine: 'core-01',
      why: expect.stringContaining('Mayu does not answer on core-provisioner.'),
      remedy: ['Set Mayu up by lesson 2: coreos-lab run bootstrap', 'Run: coreos-lab run bootstrap'],
    });
    world.power.set('core-provisioner', 'poweroff');
    await expect(lab.exec('core-01', 'true')).rejects.toMatchObject({
      why: expect.stringContaining('core-provisioner does not run.'),
      remedy: ['Start it: coreos-lab up core-provisioner', 'Run: coreos-lab run bootstrap'],
    });
    expect(scripts).toEqual(['hosts']);
  });

  test('by an interactive shell at the address that Mayu says now', async () => {
    const command = (target: SshTarget) => ({ program: 'ssh', args: [target.host] });
    const lab = await open({ ssh: { command } });
    await remember({ 'core-01': '192.168.2.22', 'core-02': '192.168.2.21' });
    mayu = hosts({ 'core-01': '192.168.2.23' });
    expect(await lab.shell('core-01')).toEqual({ program: 'ssh', args: ['192.168.2.23'] });
    mayu = STOPPED;
    expect(await lab.shell('core-02')).toEqual({ program: 'ssh', args: ['192.168.2.21'] });
    expect(await lab.shell('core-provisioner')).toEqual({ program: 'ssh', args: ['127.0.0.1'] });
  });
});

describe('addresses show in', () => {
  test('status, as far as they are known, without asking', async () => {
    const lab = await open();
    await remember({ 'core-02': '192.168.2.21' });
    expect((await lab.status()).map(({ name, ip }) => [name, ip])).toEqual([
      ['core-provisioner', '192.168.2.2'],
      ['core-01', undefined],
      ['core-02', '192.168.2.21'],
      ['core-03', undefined],
    ]);
    expect(scripts).toEqual([]);
  });

  test('the ssh configuration; Mayu is asked for those of nodes that run', async () => {
    const config = (targets: readonly SshTarget[]) => targets.map(({ machine, host }) => `${machine} ${host}`).join();
    const lab = await open({ ssh: { config } });
    mayu = hosts({ 'core-01': '192.168.2.21' });
    expect(await lab.sshConfig()).toBe('core-provisioner 127.0.0.1,core-01 192.168.2.21');
    mayu = STOPPED;
    expect(await lab.sshConfig()).toBe('core-provisioner 127.0.0.1,core-01 192.168.2.21');
    world.power.set('core-02', 'poweroff');
    const before = scripts.length;
    await lab.sshConfig();
    expect(scripts).toHaveLength(before);
  });

  test('Mayu’s own list, with names', async () => {
    const lab = await open();
    mayu = hosts({ 'core-01': '192.168.2.21' });
    expect(await lab.mayuHosts()).toMatchObject([{ machine: 'core-01', ip: '192.168.2.21', state: 'installing' }]);
    world.power.set('core-provisioner', 'not_created');
    await expect(lab.mayuHosts()).rejects.toMatchObject({ code: 'PROVISIONER_OFF', machine: 'core-provisioner' });
  });
});

test('an address goes with its machine', async () => {
  const lab = await open({ calls: [{ method: 'destroy', with: ['core-01'] }] });
  await remember({ 'core-01': '192.168.2.22', 'core-02': '192.168.2.21' });
  await lab.destroy(['core-01']);
  expect(Object.keys(await remembered())).toEqual(['core-02']);
});

describe('waiting for ssh of a node', () => {
  test('waits for its address, then for ssh there, and says so', async () => {
    const ready = async () => ({ ok: (await remembered())['core-01'] !== undefined });
    const lab = await open({ ssh: { ready } });
    mayu = hosts({});
    setTimeout(() => void appendFile(world.logFile('core-01'), 'iPXE 1.21\r\nConfiguring (net0)\r\n'), 300);
    setTimeout(() => {
      // Until here nobody was asked: there was no system yet that could answer.
      expect(scripts).toEqual([]);
      void appendFile(
        world.logFile('core-01'),
        `labos: install: 100% done\r\nGRUB: loading the kernel of the Lab OS\r\n${SYSTEM}`,
      );
    }, 1800);
    setTimeout(() => {
      mayu = hosts({ 'core-01': '192.168.2.22' });
    }, 3500);
    await lab.wait(['core-01'], 'ssh');
    expect(world.of('wait').map(({ label, done }) => `${label} ${done ?? false}`)).toEqual([
      'core-01: waiting for an address from Mayu (power-on) false',
      'core-01: waiting for an address from Mayu (dhcp) false',
      'core-01: waiting for an address from Mayu (system) false',
      'core-01: waiting for ssh true',
    ]);
    expect(world.of('stage').map(({ stage }) => stage)).toEqual(['dhcp', 'install', 'disk', 'system', 'ssh']);
    // Asked every two seconds or so, not at each look.
    expect(scripts.length).toBeLessThan(4);
  });

  test.each<[string, string, Partial<SshResult>, RegExp, RegExp]>([
    ['dhcp', 'Configuring (net0)\r\n', STOPPED, /blank.*Mayu does not answer/, /systemctl restart mayu/],
    ['dhcp', 'Configuring (net0)\r\n', hosts({}), /Nobody answers its request/, /systemctl restart mayu/],
    ['kernel', 'vmlinuz... 12%\r\n', hosts({}), /over the network/, /var\/lib\/mayu\/images/],
    ['install', 'labos: install: 37% /usr\r\n', hosts({ 'core-01': '192.168.2.22' }), /being installed/, /again/],
    ['system', 'running in system mode\r\n', hosts({ 'core-01': '192.168.2.22' }), /no sshd/, /console core-01/],
  ])('that does not come by the stage %s names the likely cause', async (stage, console, answer, why, remedy) => {
    const lab = await open({ ssh: { ready: async () => ({ ok: false, reason: 'no sshd' }) } });
    mayu = answer;
    await writeFile(world.logFile('core-01'), console);
    const error = await lab.wait(['core-01'], 'ssh', { timeout: 900 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'BOOT_TIMEOUT', machine: 'core-01', why: expect.stringMatching(why) });
    expect((error as LabError).message).toContain(`the stage "${stage}"`);
    expect((error as LabError).remedy[0]).toMatch(remedy);
  });
});

describe('waiting for ssh of a node that is installed', () => {
  const NETWORK = 'SeaBIOS\r\nConfiguring (net0)\r\nLinux version 6\r\nlabos: switching to the real root\r\n';

  test('fails at once when its installer gave up, with its reason', async () => {
    const lab = await open({ ssh: { ready: async () => ({ ok: true }) } });
    mayu = hosts({ 'core-01': '192.168.2.22' });
    await writeFile(world.logFile('core-01'), `${NETWORK}labos: install: to /dev/vda: Lab OS 1.0.0\r\n`);
    const reason = '/usr in memory is not what was built: the download was damaged';
    setTimeout(() => void appendFile(world.logFile('core-01'), `labos: install: FAILED: ${reason}\r\n`), 500);
    const began = Date.now();
    await expect(lab.wait(['core-01'], 'ssh')).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      machine: 'core-01',
      message: `core-01 was not installed: ${reason}.`,
      remedy: expect.arrayContaining([expect.stringContaining('coreos-lab image send')]),
      evidence: expect.arrayContaining([expect.stringContaining('FAILED')]),
    });
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(world.of('wait').at(-1)).toMatchObject({ done: true, ok: false });
    // One that begins after that fails as well, until the machine begins anew.
    await expect(lab.wait(['core-01'], 'ssh')).rejects.toMatchObject({ code: 'INSTALL_FAILED' });
  });

  test('ends with the system on its disk, and tells how long an installation usually takes as soon as it is one', async () => {
    const lab = await open({ ssh: { ready: async () => ({ ok: true }) } });
    await remember({ 'core-01': '192.168.2.22' });
    await world.timings.record('install:qemu:kvm:flatcar:core-01', 90_000);
    await world.timings.record('boot:qemu:kvm:flatcar:core-01', 20_000);
    await writeFile(world.logFile('core-01'), '');
    const log = world.logFile('core-01');
    setTimeout(() => void appendFile(log, `${NETWORK}labos: install: 7% /usr\r\n`), 600);
    const disk = 'labos: install: 100% done\r\nSeaBIOS\r\nGRUB: loading\r\nlabos: switching to the real root\r\n';
    setTimeout(() => void appendFile(log, disk), 1800);
    // ssh of this fake answers from the beginning on; before anything is known of the boot nobody would believe it.
    world.ssh.ready = async () => ({ ok: world.of('stage').some(({ stage }) => stage === 'kernel') });
    await lab.wait(['core-01'], 'ssh');
    expect(world.of('stage').map(({ stage }) => stage)).toEqual(
      expect.arrayContaining(['install', 'reboot', 'disk', 'system', 'ssh']),
    );
    expect(world.of('stage').at(-1)?.stage).toBe('ssh');
    const usual = world.of('wait').map((event) => event.usual);
    expect([usual[0], usual.at(-1)]).toEqual([20_000, 90_000]);
  });
});

describe('up of nodes', () => {
  const starts = [
    { method: 'start', with: ['core-01'] },
    { method: 'start', with: ['core-02'] },
  ] as const;
  const notices = () => world.of('notice').map(({ text }) => text);
  const waited = () => new Set(world.of('wait').map(({ id }) => id));

  test('without Mayu only starts blank ones, and waits for those that have an address', async () => {
    const lab = await open({ calls: starts, ssh: { ready: async () => ({ ok: true }) } });
    await remember({ 'core-02': '192.168.2.21' });
    systemsStart('core-02');
    await lab.up(['core-01', 'core-02']);
    expect(waited()).toEqual(new Set(['ssh:core-02']));
    expect(notices()).toEqual([
      'core-01: powered on. A blank disk has no system to wait for; lesson 2 installs one over the network.',
    ]);
  });

  test('with a Mayu that is down says that nobody installs them', async () => {
    const lab = await open({ calls: starts });
    mayu = STOPPED;
    await lab.up(['core-01', 'core-02']);
    expect(waited()).toEqual(new Set());
    expect(notices()).toEqual([
      'core-01, core-02: powered on. Nobody installs them: Mayu does not answer on core-provisioner.',
    ]);
  });

  test('with a Mayu that runs waits for all', async () => {
    const lab = await open({ calls: starts, ssh: { ready: async () => ({ ok: true }) } });
    mayu = hosts({ 'core-01': '192.168.2.21', 'core-02': '192.168.2.22' });
    systemsStart('core-01', 'core-02');
    await lab.up(['core-01', 'core-02']);
    expect(waited()).toEqual(new Set(['ssh:core-01', 'ssh:core-02']));
    expect(notices()).toEqual([]);
  });

  test('behind a provisioner that is off waits for nobody', async () => {
    const lab = await open({ calls: starts });
    world.power.set('core-provisioner', 'poweroff');
    await remember({ 'core-02': '192.168.2.21' });
    await lab.up(['core-01', 'core-02']);
    expect(waited()).toEqual(new Set());
    expect(notices()).toEqual([
      'core-01, core-02: powered on. Nodes are reached through core-provisioner, which is off: coreos-lab up core-provisioner',
    ]);
  });
});

describe('watching', () => {
  const cluster = () => world.of('cluster');
  const reached = () => world.of('stage').flatMap(({ machine, stage }) => (stage === 'ssh' ? [machine] : []));

  test('logs in to nodes only where somebody greets', async () => {
    const logins: string[] = [];
    const ready: Ssh['ready'] = async ({ machine, host }) => {
      logins.push(`${machine} ${host}`);
      return { ok: true };
    };
    const lab = await open({ ssh: { ready } });
    mayu = hosts({ 'core-01': '192.168.2.22', 'core-02': '192.168.2.21' });
    greeting = ['192.168.2.22'];
    for (const name of ['core-01', 'core-02']) await writeFile(world.logFile(name), 'running in system mode\r\n');
    const end = lab.watch();
    await expect.poll(reached, { timeout: 8000 }).toEqual(['core-provisioner', 'core-01']);
    greeting = ['192.168.2.21', '192.168.2.22'];
    await expect.poll(reached, { timeout: 8000 }).toEqual(['core-provisioner', 'core-01', 'core-02']);
    await end();
    expect(logins).toEqual(['core-provisioner 127.0.0.1', 'core-01 192.168.2.22', 'core-02 192.168.2.21']);
    expect(new Set(scripts)).toEqual(new Set(['look']));
  });

  test('tells the cluster when it changed, and keeps Mayu’s hosts while it is down', async () => {
    const lab = await open({ ssh: { ready: async () => ({ ok: true }) } });
    mayu = hosts({ 'core-01': '192.168.2.22' });
    systemsStart('core-01', 'core-02');
    const end = lab.watch();
    await expect.poll(cluster, { timeout: 8000 }).toHaveLength(1);
    expect(cluster()[0]).toMatchObject({
      mayu: { state: 'up', hosts: [{ machine: 'core-01' }] },
      etcd: { quorum: false },
    });
    const looks = scripts.length;
    await expect.poll(() => scripts.length, { timeout: 8000 }).toBeGreaterThan(looks);
    expect(cluster()).toHaveLength(1);
    mayu = STOPPED;
    etcd = ['etcd 192.168.2.22 {"health":"true"}'];
    await expect.poll(cluster, { timeout: 8000 }).toHaveLength(2);
    expect(cluster()[1]).toMatchObject({
      mayu: { state: 'down', hosts: [{ machine: 'core-01' }] },
      etcd: { quorum: true },
    });
    world.power.set('core-provisioner', 'poweroff');
    await expect.poll(cluster, { timeout: 8000 }).toHaveLength(3);
    expect(cluster()[2]).toMatchObject({
      mayu: { state: 'unknown', hosts: [{ machine: 'core-01' }] },
      etcd: { quorum: false },
    });
    const before = scripts.length;
    await new Promise((wake) => setTimeout(wake, 2500));
    expect(scripts).toHaveLength(before);
    await end();
  });

  test('asks nobody while no provisioner answers', async () => {
    const lab = await open({ power: { 'core-01': 'running' } });
    const end = lab.watch();
    await new Promise((wake) => setTimeout(wake, 2500));
    await end();
    expect(scripts).toEqual([]);
    expect(cluster()).toEqual([]);
  });
});

test('the cluster is asked once more where Mayu has just told addresses', async () => {
  const lab = await open();
  mayu = hosts({ 'core-01': '192.168.2.22' });
  expect(await lab.cluster()).toMatchObject({ mayu: { state: 'up' } });
  expect(scripts).toEqual(['look', 'look']);
  await lab.cluster();
  expect(scripts).toHaveLength(3);
});

test('the cluster has the names of machines, and says which of them it waits for', async () => {
  const lab = await open({ power: { 'core-provisioner': 'running', 'core-02': 'running' } });
  await remember({ 'core-02': '192.168.2.21' });
  const host = { Serial: SERIALS['core-02'], State: 'installing', InternalAddr: '192.168.2.21', Profile: 'core' };
  mayu = { exitCode: 0, stdout: JSON.stringify([host]) };
  const waits = { more: 1, machines: ['core-01', 'core-03'] };
  expect((await lab.cluster()).etcd).toEqual({ quorum: false, members: [], waits });
  const id = '1';
  etcd = [
    { health: 'true' },
    { header: { member_id: id }, members: [{ ID: id, name: '192-168-2-21', peerURLs: ['http://192.168.2.21:2380'] }] },
    { header: { member_id: id }, version: '3.4.23', leader: id, raftTerm: '2' },
  ].map((answer) => `etcd 192.168.2.21 ${JSON.stringify(answer)}`);
  expect((await lab.cluster()).etcd).toMatchObject({ quorum: true, members: [{ name: 'core-02', leader: true }] });
  expect((await lab.cluster()).etcd).not.toHaveProperty('waits');
});
