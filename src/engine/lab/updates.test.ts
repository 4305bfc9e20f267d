import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LabError } from '../errors.js';
import type { Ssh } from '../ssh/ssh.js';
import { nodeScript } from '../updates/node-script.js';
import { createLab } from './create-lab.js';
import { makeTestLab, type TestLab } from './test-support.js';

const ROLLOUT = await readFile('test/fixtures/updates/rollout.txt', 'utf8');
const HOSTS = [
  { Serial: '0800278e158a-0', State: 'running', InternalAddr: '192.168.2.21' },
  { Serial: '0800278e158b-0', State: 'running', InternalAddr: '192.168.2.22' },
];
const IDLE =
  'version VERSION_ID=1.0.0\nrunning 3\nslot 3 2 0 1\nslot 4 1 0 0\nunit active\nstatus CURRENT_OP=UPDATE_STATUS_IDLE\n';

let world: TestLab;
let scripts: string[];
/** By machine and kind of script. */
let answers: Record<string, string>;
afterEach(() => world.dispose());

/** core-02 does not answer; core-03 is off. */
async function open() {
  scripts = [];
  answers = {
    'core-provisioner hosts': JSON.stringify(HOSTS),
    'core-provisioner cluster': `mayu 0 ${JSON.stringify(HOSTS)}\nupdates yes\nssh 192.168.2.21\n`,
    'core-provisioner updates': ROLLOUT,
    'core-01 node': IDLE,
  };
  const script: Ssh['script'] = async ({ machine }, text, run) => {
    expect(run).toMatchObject({ quiet: true });
    const kinds = { hosts: 'curl ', cluster: 'mayu() (', updates: 'updates() {' };
    const known = Object.entries(kinds).find(([, start]) => text.startsWith(start))?.[0];
    const what = `${machine} ${text === nodeScript ? 'node' : known}`;
    scripts.push(what);
    const stdout = answers[what];
    if (what === 'core-02 node' && stdout === undefined)
      throw new LabError({ code: 'SSH_TIMEOUT', message: 'nobody', remedy: [] });
    if (stdout === undefined) throw new Error(`unplanned script: ${what}`);
    return { exitCode: 0, stdout, stderr: '', timedOut: false, duration: 1 };
  };
  const ready: Ssh['ready'] = async ({ machine }) => ({ ok: machine !== 'core-02' || 'core-02 node' in answers });
  world = await makeTestLab({
    power: { 'core-provisioner': 'running', 'core-01': 'running', 'core-02': 'running', 'core-03': 'poweroff' },
    ssh: { script, ready },
  });
  await writeFile(join(world.paths.labDirectory, 'ssh-ports.json'), '{"core-provisioner":50022}');
  return createLab(world);
}

test('the updates are asked of the provisioner and of nodes that run, whose addresses Mayu tells', async () => {
  const lab = await open();
  const state = await lab.updates();
  expect(new Set(scripts)).toEqual(
    new Set(['core-provisioner hosts', 'core-provisioner updates', 'core-01 node', 'core-02 node']),
  );
  expect(state.nodes).toMatchObject([
    { machine: 'core-01', address: '192.168.2.21', state: 'answers', version: '1.0.0', slots: { running: 'A' } },
    { machine: 'core-02', address: '192.168.2.22', state: 'silent', lock: true },
    { machine: 'core-03', state: 'off' },
  ]);
  expect(state.server).toMatchObject({ state: 'up', groups: [{ name: 'lab' }] });
  scripts = [];
  await lab.updates();
  expect(scripts).not.toContain('core-provisioner hosts');
});

test('who watches the lab is told of updates once the look at the cluster saw a server', async () => {
  const lab = await open();
  world.power.delete('core-02');
  await writeFile(world.logFile('core-01'), 'running in system mode\r\n');
  const end = lab.watch();
  await expect.poll(() => world.of('updates'), { timeout: 15_000 }).toHaveLength(1);
  await end();
  expect(world.of('updates')[0]).toMatchObject({
    server: { state: 'up' },
    nodes: [
      { machine: 'core-01', state: 'answers' },
      { machine: 'core-03', state: 'off' },
    ],
  });
  expect(scripts.indexOf('core-provisioner updates')).toBeGreaterThan(scripts.indexOf('core-provisioner cluster'));
});

test('as long as a node boots nobody is asked about updates, and then all are', async () => {
  const lab = await open();
  const cluster = answers['core-provisioner cluster'];
  const looks = () => scripts.filter((script) => script === 'core-provisioner cluster').length;
  // So far that their ssh is asked for.
  for (const name of ['core-01', 'core-02']) await writeFile(world.logFile(name), 'running in system mode\r\n');
  const end = lab.watch();
  // The first look saw the server, which is reason enough to ask it; by the third, seconds have gone by.
  await expect.poll(looks, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);
  expect(scripts).not.toContain('core-provisioner updates');
  expect(scripts).not.toContain('core-01 node');
  answers['core-02 node'] = IDLE;
  answers['core-provisioner cluster'] = `${cluster}ssh 192.168.2.22\n`;
  await expect.poll(() => world.of('updates'), { timeout: 15_000 }).toHaveLength(1);
  await end();
  expect(world.of('updates')[0]?.nodes).toMatchObject([
    { machine: 'core-01', state: 'answers' },
    { machine: 'core-02', state: 'answers' },
    { machine: 'core-03', state: 'off' },
  ]);
}, 40_000);
