import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
