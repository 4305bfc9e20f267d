import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { defaultLabConfig } from '../config/defaults.js';
import { LabError } from '../errors.js';
import { createExec } from '../exec-process.js';
import { hostsScript, MayuClient } from './mayu-client.js';
import type { OnProvisioner } from './mayu-host.js';

const { machines } = defaultLabConfig();
const provisioner = machines[0] as (typeof machines)[number];
/** What Mayu 1.3.0 answered after four machines had asked for their Ignition and two had booted. */
const RECORDED = await readFile('test/fixtures/cluster/mayu-hosts.json', 'utf8');

type Answer = Partial<Awaited<ReturnType<OnProvisioner>>>;
const client = (answer: Answer | Error, scripts: string[] = []) =>
  new MayuClient(provisioner, machines, async (script) => {
    scripts.push(script);
    if (answer instanceof Error) throw answer;
    return { exitCode: 0, stdout: '', stderr: '', timedOut: false, ...answer };
  });

describe('the hosts of Mayu', () => {
  test('are those of its answer, by address, with the names that the lab has for their serials', async () => {
    const hosts = await client({ stdout: RECORDED }).hosts();
    expect(hosts.map(({ ip, machine, serial, state, profile }) => [ip, machine, serial, state, profile])).toEqual([
      ['192.168.2.21', 'core-02', '0800278e158b-0', 'running', 'core'],
      ['192.168.2.22', 'core-01', '0800278e158a-0', 'running', 'core'],
      ['192.168.2.23', undefined, '0800278e158d-0', 'installing', 'core'],
      ['192.168.2.24', 'core-03', '0800278e158c-0', 'installing', 'default'],
    ]);
    expect(hosts[0]).toEqual({
      machine: 'core-02',
      serial: '0800278e158b-0',
      state: 'running',
      enabled: true,
      macs: [],
      ip: '192.168.2.21',
      ipmi: '10.0.0.9',
      hostname: '192-168-2-21',
      machineId: '2a8c09aa7b715505187c1b772a1a566c',
      profile: 'core',
      etcdToken: '7fb4e3a6fb1c7ed1ff32054e9b676210',
      version: '1.0.0',
      lastBoot: Date.UTC(2026, 10, 24, 22, 47, 22, 885),
    });
    // Go's zero time is no time.
    expect(hosts[3]).not.toHaveProperty('lastBoot');
  });

  test('are asked for on the provisioner, in one request', async () => {
    const scripts: string[] = [];
    await client({ stdout: '[]' }, scripts).hosts({ timeout: 8000 });
    expect(scripts).toEqual([hostsScript('192.168.2.2', 6)]);
  });

  test('are found by serial whatever its case is in lab.yaml', async () => {
    const upper = machines.map((machine) => ({ ...machine, serial: machine.serial.toUpperCase() }));
    const mayu = new MayuClient(provisioner, upper, async () => ({
      exitCode: 0,
      stdout: '[{"Serial":"0800278E158A-0","State":"unknown"}]',
      stderr: '',
      timedOut: false,
    }));
    expect(await mayu.hosts()).toEqual([
      { machine: 'core-01', serial: '0800278e158a-0', state: 'unknown', enabled: false, macs: [] },
    ]);
  });

  test.each<[string, Answer, string, RegExp]>([
    ['no unit', { exitCode: 7, stderr: 'LoadState=not-found\nActiveState=inactive\n' }, 'missing', /run bootstrap/],
    [
      'a failed unit',
      { exitCode: 7, stderr: 'ActiveState=failed\nLoadState=loaded\n' },
      'stopped',
      /systemctl restart/,
    ],
    ['a unit that starts', { exitCode: 7, stderr: 'LoadState=loaded\nActiveState=activating\n' }, 'starting', /Wait/],
    ['a unit that hangs', { exitCode: 28, stderr: 'LoadState=loaded\nActiveState=active\n' }, 'running', /Wait/],
    ['a broken answer', { exitCode: 52, stderr: 'curl: (52) Empty reply from server\n' }, 'unknown', /systemctl/],
    ['no end', { exitCode: null, timedOut: true }, 'unknown', /systemctl/],
  ])('cannot be had from Mayu with %s: it is down, with the remedy for that', async (_name, answer, service, remedy) => {
    const error = await client(answer)
      .hosts()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'MAYU_DOWN', service, machine: 'core-provisioner' });
    expect((error as LabError).remedy[0]).toMatch(remedy);
  });

  test('pass on what curl said', async () => {
    const stderr = 'curl: (7) Failed to connect\nLoadState=loaded\nActiveState=failed\n';
    await expect(client({ exitCode: 7, stderr }).hosts()).rejects.toMatchObject({
      why: 'Its service mayu does not run. curl: (7) Failed to connect',
    });
  });

  test.each<[string, Answer, RegExp]>([
    ['an HTTP error', { exitCode: 22, stderr: 'curl: (22) The requested URL returned error: 404\n' }, /404/],
    ['no curl', { exitCode: 127, stderr: 'bash: curl: command not found' }, /command not found/],
    ['a web page', { stdout: '<html>' }, /JSON/],
    ['something else', { stdout: '{"error":1}' }, /array/i],
    ['a host without a state', { stdout: '[{"Serial":"x"}]' }, /^0\.State/],
    [
      'a host with a strange address',
      { stdout: '[{"Serial":"x","State":"","InternalAddr":"-oProxy"}]' },
      /InternalAddr/,
    ],
  ])('are not read from %s', async (_name, answer, why) => {
    await expect(client(answer).hosts()).rejects.toMatchObject({
      code: 'MAYU_ANSWER',
      why: expect.stringMatching(why),
    });
  });

  test('pass on why the provisioner cannot be asked', async () => {
    const fault = new LabError({ code: 'PROVISIONER_OFF', message: 'off', remedy: [] });
    await expect(client(fault).hosts()).rejects.toBe(fault);
  });
});

describe('the script', () => {
  const exec = createExec({ emit: () => {} });
  let close = () => {};
  afterEach(() => close());

  test('prints what the server says; without one it ends as curl does', async () => {
    const { createServer } = await import('node:http');
    const paths: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url);
      response.end('[]\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = () => void server.close();
    const { port } = server.address() as { port: number };
    const script = hostsScript('127.0.0.1', 5).replace(':4080', `:${port}`);
    const run = () => exec.run('bash', ['-euo', 'pipefail', '-c', script]);
    expect(await run()).toMatchObject({ exitCode: 0, stdout: '[]\n' });
    expect(paths).toEqual(['/admin/hosts']);
    await new Promise((resolve) => server.close(resolve));
    expect(await run()).toMatchObject({ exitCode: 7, stdout: '' });
  });
});
