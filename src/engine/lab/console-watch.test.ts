import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Boots } from './boots.js';
import { ConsoleWatch } from './console-watch.js';
import { makeTestLab, type TestLab } from './test-support.js';

const FIRST_BOOT = 'SeaBIOS\r\nGRUB: loading\r\nlabos: switching to the real root\r\n';
let lab: TestLab;
let boots: Boots;
let watch: ConsoleWatch;
let log: string;

beforeEach(async () => {
  lab = await makeTestLab();
  boots = new Boots(lab.paths.labDirectory);
  watch = new ConsoleWatch(lab, boots);
  log = lab.logFile('core-01');
});
afterEach(() => lab.dispose());

const stages = () => lab.of('stage').map(({ stage }) => stage);
async function recording(): Promise<string> {
  const lines = (await readFile(join(lab.paths.labDirectory, 'machines', 'core-01', 'console.cast'), 'utf8')).trim();
  return lines
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line)[2])
    .join('');
}

describe('following a console', () => {
  test('tells stages, where the new bytes are, and records them', async () => {
    const end = await watch.follow('core-01');
    await boots.begin('core-01', log);
    await watch.reach('core-01', 'power-on');
    await appendFile(log, FIRST_BOOT);
    await end();
    expect(stages()).toEqual(['power-on', 'firmware', 'kernel', 'system']);
    expect(lab.of('console')).toEqual([{ type: 'console', machine: 'core-01', offset: 0, length: FIRST_BOOT.length }]);
    expect(await recording()).toBe(FIRST_BOOT);
  });

  test('of a machine that is off does not tell the stages of its last boot again', async () => {
    await boots.begin('core-01', log);
    await writeFile(log, FIRST_BOOT);
    lab.power.set('core-01', 'poweroff');
    const end = await watch.follow('core-01');
    expect(watch.stage('core-01')).toBe('power-on');
    await boots.begin('core-01', log);
    await appendFile(log, 'SeaBIOS\r\n');
    await end();
    expect(stages()).toEqual(['firmware']);
    expect(lab.of('console')).toEqual([{ type: 'console', machine: 'core-01', offset: FIRST_BOOT.length, length: 9 }]);
    // The recording has what was shown while nobody looked.
    expect(await recording()).toBe(`${FIRST_BOOT}SeaBIOS\r\n`);
  });

  test('of a machine that runs tells where its boot has come to, not how: nobody saw when', async () => {
    await writeFile(log, FIRST_BOOT);
    await boots.begin('core-01', log);
    await appendFile(log, 'SeaBIOS\r\nGRUB: loading\r\n');
    lab.power.set('core-01', 'running');
    const end = await watch.follow('core-01');
    await end();
    expect(stages()).toEqual(['kernel']);
    const again = await watch.follow('core-01');
    await appendFile(log, 'labos: switching to the real root\r\n');
    await again();
    expect(stages()).toEqual(['kernel', 'system']);
  });

  test('in the next process records on without a byte twice', async () => {
    const end = await watch.follow('core-01');
    await boots.begin('core-01', log);
    await appendFile(log, 'SeaBIOS\r\nGRUB: lo');
    await end();
    await appendFile(log, 'ading\r\n');
    lab.power.set('core-01', 'running');
    const next = await new ConsoleWatch(lab, boots).follow('core-01');
    await appendFile(log, 'Linux version 6.1\r\n');
    await next();
    expect(await recording()).toBe('SeaBIOS\r\nGRUB: loading\r\nLinux version 6.1\r\n');
  });

  test('goes on with the console of a new machine of the name', async () => {
    await writeFile(log, FIRST_BOOT);
    lab.power.set('core-01', 'running');
    const end = await watch.follow('core-01');
    await expect.poll(stages, { timeout: 5000 }).toEqual(['system']);
    await writeFile(log, 'SeaBIOS new\r\n');
    await end();
    expect(stages()).toEqual(['system', 'firmware']);
    expect(await recording()).toBe(`${FIRST_BOOT}SeaBIOS new\r\n`);
  });

  test('by several users is done once, until the last one ends', async () => {
    lab.power.set('core-01', 'running');
    const [first, second] = await Promise.all([watch.follow('core-01'), watch.follow('core-01')]);
    await first();
    await first();
    await appendFile(log, 'SeaBIOS\r\n');
    await expect.poll(stages, { timeout: 5000 }).toEqual(['firmware']);
    expect(watch.stage('core-01')).toBe('firmware');
    await second();
    expect(watch.stage('core-01')).toBeUndefined();
    await appendFile(log, 'GRUB: loading\r\n');
    await new Promise((wake) => setTimeout(wake, 400));
    expect(stages()).toEqual(['firmware']);
  });
});

test('a stage that is told from outside is told once, with the time since power-on', async () => {
  await boots.begin('core-01', log);
  const end = await watch.follow('core-01');
  await watch.reach('core-01', 'ssh');
  await watch.reach('core-01', 'ssh');
  await end();
  const [event, ...more] = lab.of('stage');
  expect(more).toEqual([]);
  expect(event).toMatchObject({ machine: 'core-01', stage: 'ssh' });
  expect(event?.sinceStart).toBeGreaterThanOrEqual(0);
  expect(event?.sinceStart).toBeLessThan(60_000);
});

describe('a node that is installed', () => {
  const NETWORK = 'SeaBIOS\r\nConfiguring (net0 08)\r\nFilename: http://x/ipxebootscript\r\nLinux version 6\r\n';
  const MEMORY = 'labos: switching to the real root\r\n';
  const INSTALL = 'labos: install: to /dev/vda: Lab OS 1.0.0\r\nlabos: install: 50% /usr\r\n';
  const DISK = 'SeaBIOS\r\nGRUB: loading the kernel\r\nlabos: switching to the real root\r\n';
  const grow = async (text: string, until: string) => {
    await appendFile(log, text);
    await expect.poll(() => watch.stage('core-01'), { timeout: 5000 }).toBe(until);
  };

  test('counts from its power-on over the reboot, and anew when it restarts later; how long it took is remembered', async () => {
    const end = await watch.follow('core-01');
    await boots.begin('core-01', log);
    await watch.reach('core-01', 'power-on');
    await new Promise((wake) => setTimeout(wake, 1200));
    await grow(NETWORK + MEMORY + INSTALL, 'install');
    expect(watch.way('core-01')).toBe('install');
    await grow(
      `labos: install: 100% done\r\n${DISK}lab: etcd: member core-01 of 3\r\nlab: boot complete\r\n`,
      'running',
    );
    await watch.sshAnswered('core-01');
    const events = lab.of('stage');
    expect(stages().slice(-7)).toEqual(
      ['reboot', 'disk', 'system', 'etcd', 'running', 'ssh'].toSpliced(0, 0, 'install'),
    );
    expect(Math.min(...events.slice(-6).map(({ sinceStart }) => sinceStart))).toBeGreaterThanOrEqual(1200);
    expect(events.at(0)).not.toHaveProperty('usual');
    await grow(DISK, 'system');
    expect(watch.way('core-01')).toBe('boot');
    expect(lab.of('stage').at(-1)?.sinceStart).toBeLessThan(1000);
    await grow(NETWORK, 'kernel');
    expect(lab.of('stage').at(-1)?.usual).toBeGreaterThanOrEqual(1200);
    await end();
  });

  test('is not reached by ssh while it runs in memory, unless nobody installs it', async () => {
    const end = await watch.follow('core-01');
    await grow(NETWORK + MEMORY, 'system');
    expect(await watch.sshAnswered('core-01')).toBe(false);
    await grow(INSTALL, 'install');
    expect(await watch.sshAnswered('core-01')).toBe(false);
    expect(stages()).not.toContain('ssh');
    await grow(`labos: install: 100% done\r\n${DISK}`, 'system');
    expect(await watch.sshAnswered('core-01')).toBe(true);
    expect(stages().at(-1)).toBe('ssh');
    await end();
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const again = await watch.follow('core-01');
      await grow(NETWORK + MEMORY, 'system');
      expect(await watch.sshAnswered('core-01')).toBe(false);
      vi.advanceTimersByTime(31_000);
      expect(await watch.sshAnswered('core-01')).toBe(true);
      await again();
    } finally {
      vi.useRealTimers();
    }
  });

  const notices = () => lab.of('notice').map(({ level, failure }) => `${level} ${failure?.code}`);

  test('and gives up says so once a boot, with a remedy', async () => {
    const end = await watch.follow('core-01');
    const nothing = 'SeaBIOS\r\nConfiguring (net0 08)\r\nNo bootable device.  Retrying in 5 seconds.\r\n';
    await appendFile(log, nothing + nothing);
    await appendFile(log, `${NETWORK}${MEMORY}labos: install: FAILED: /dev/vda has 512 MiB, and 2048 are needed\r\n`);
    await expect.poll(() => watch.installFailed('core-01'), { timeout: 5000 }).toMatch(/512 MiB/);
    await expect.poll(notices).toEqual(['warning NOTHING_TO_BOOT', 'error INSTALL_FAILED']);
    expect(lab.of('notice')[1]).toMatchObject({
      text: expect.stringMatching(/^core-01 was not installed: .*512 MiB.*Give it more in lab\.yaml/),
      failure: { machine: 'core-01', evidence: expect.arrayContaining([expect.stringContaining('512 MiB')]) },
    });
    const failed = 'SeaBIOS\r\nLinux version 6\r\nlabos: FAILED: ignition: no configuration from http://x\r\n';
    await grow(failed + failed + failed, 'kernel');
    await expect.poll(() => notices().at(-1)).toBe('error BOOT_FAILED');
    await expect.poll(() => watch.installFailed('core-01')).toBeUndefined();
    expect(notices()).toHaveLength(3);
    await watch.reach('core-01', 'power-on');
    await appendFile(log, nothing);
    await expect.poll(notices).toHaveLength(4);
    await end();
  });

  test('says nothing of what failed when nobody looked, but it is known; on a machine that runs, the installer is of no interest', async () => {
    await writeFile(log, `${NETWORK}${MEMORY}labos: install: FAILED: no disk has the 2 GiB that are needed\r\n`);
    lab.power.set('core-01', 'running');
    const end = await watch.follow('core-01');
    await expect.poll(() => watch.installFailed('core-01'), { timeout: 5000 }).toMatch(/2 GiB/);
    expect(notices()).toEqual([]);
    await grow(`${DISK}labos: install: FAILED: the Lab OS runs from /dev/vda\r\n`, 'system');
    await expect.poll(() => watch.installFailed('core-01')).toBeUndefined();
    await end();
    expect(notices()).toEqual([]);
  });
});

describe('a boot that prints nothing more', () => {
  const notices = () => lab.of('notice').map(({ text }) => text);
  const now = performance.now.bind(performance);
  let ahead = 0;
  /** As if so many milliseconds had passed at once. */
  const pass = (milliseconds: number) => {
    ahead += milliseconds;
  };
  beforeEach(() => void vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead));
  afterEach(() => void vi.restoreAllMocks());

  test('is told once, unless the machine is paused', async () => {
    lab.power.set('core-01', 'paused');
    const end = await watch.follow('core-01');
    await appendFile(log, 'SeaBIOS\r\nLinux version 6\r\n');
    await expect.poll(() => watch.stage('core-01')).toBe('kernel');
    pass(121_000);
    const { calls } = lab.provider;
    const asked = () => calls.filter(({ method }) => method === 'states').length;
    const before = asked();
    await expect.poll(asked).toBe(before + 1);
    lab.power.set('core-01', 'running');
    pass(121_000);
    await expect.poll(notices).toHaveLength(1);
    expect(notices()[0]).toMatch(/^core-01 has printed nothing for two minutes \(kernel\).* coreos-lab reset core-01$/);
    pass(121_000);
    await expect.poll(asked).toBe(before + 3);
    expect(notices()).toHaveLength(1);
    await end();
  });

  test('is nothing to tell of a system that waits for others', async () => {
    lab.power.set('core-01', 'running');
    const end = await watch.follow('core-01');
    await appendFile(log, FIRST_BOOT);
    await expect.poll(() => watch.stage('core-01')).toBe('system');
    pass(600_000);
    await new Promise((wake) => setTimeout(wake, 400));
    expect(notices()).toEqual([]);
    await end();
  });
});
