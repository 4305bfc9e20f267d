import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultLabConfig } from '../config/defaults.js';
import type { MachineConfig } from '../config/lab-config.js';
import type { MayuHost } from './mayu-host.js';
import { NodeAddresses } from './node-addresses.js';

const machines = defaultLabConfig().machines;
const [provisioner, first, second] = machines as [MachineConfig, MachineConfig, MachineConfig];
const host = (machine: MachineConfig, ip: string): MayuHost => ({
  serial: machine.serial,
  machine: machine.name,
  state: 'running',
  enabled: true,
  macs: [],
  ip,
});

let directory: string;
let answer: () => Promise<MayuHost[]>;
let asked: number;
let existing: Set<string>;
const open = () =>
  new NodeAddresses({
    labDirectory: directory,
    machines,
    hosts: async () => {
      asked++;
      return answer();
    },
    existing: async () => existing,
  });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nodes-'));
  asked = 0;
  existing = new Set(machines.map(({ name }) => name));
  answer = async () => [host(first, '192.168.2.22'), host(second, '192.168.2.21')];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('the address of a node', () => {
  test('is unknown before Mayu was asked; a fixed one is known at once', async () => {
    const addresses = open();
    expect(await addresses.known(first)).toBeUndefined();
    expect(await addresses.known(provisioner)).toBe('192.168.2.2');
    expect(asked).toBe(0);
  });

  test('outlives the program and Mayu', async () => {
    await open().ask();
    answer = () => Promise.reject(new Error('down'));
    const later = open();
    expect(await later.known(first)).toBe('192.168.2.22');
    await expect(later.ask()).rejects.toThrow('down');
    expect(await later.known(second)).toBe('192.168.2.21');
  });

  test('stays when Mayu has forgotten the machine, and follows when it tells another', async () => {
    const addresses = open();
    await addresses.ask();
    answer = async () => [host(second, '192.168.2.25')];
    await addresses.ask();
    expect(await addresses.known(first)).toBe('192.168.2.22');
    expect(await addresses.known(second)).toBe('192.168.2.25');
  });

  test('is that of a serial: with another serial it is another machine', async () => {
    const addresses = open();
    await addresses.ask();
    expect(await addresses.known({ ...first, serial: 'new' })).toBeUndefined();
  });

  test('is forgotten with the machine, and not learned again while that does not exist', async () => {
    const addresses = open();
    await addresses.ask();
    await addresses.forget(first.name);
    existing.delete(first.name);
    await addresses.ask();
    expect(await addresses.known(first)).toBeUndefined();
    expect(await addresses.known(second)).toBe('192.168.2.21');
    existing.add(first.name);
    await addresses.ask();
    expect(await addresses.known(first)).toBe('192.168.2.22');
  });

  test.each([
    '',
    '{',
    '[1]',
    '{"core-01":{"serial":"0800278e158a-0","ip":"-oProxyCommand=x"}}',
  ])('is unknown where the file holds %j', async (text) => {
    await writeFile(join(directory, 'nodes.json'), text);
    expect(await open().known(first)).toBeUndefined();
  });

  test('is written only when it changed, for the owner only', async () => {
    const addresses = open();
    await addresses.ask();
    const file = join(directory, 'nodes.json');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      'core-01': { serial: first.serial, ip: '192.168.2.22' },
      'core-02': { serial: second.serial, ip: '192.168.2.21' },
    });
    await rm(file);
    await writeFile(file, '{"core-01":{"serial":"0800278e158a-0","ip":"192.168.2.22"}}');
    answer = async () => [host(first, '192.168.2.22')];
    await addresses.ask();
    // Not rewritten: still without line breaks.
    expect(await readFile(file, 'utf8')).not.toContain('\n');
  });
});

describe('asking', () => {
  test('at once is one question, also when it fails', async () => {
    const addresses = open();
    await Promise.all([addresses.ask(), addresses.ask(), addresses.ask()]);
    expect(asked).toBe(1);
    answer = () => Promise.reject(new Error('down'));
    const results = await Promise.allSettled([addresses.ask(), addresses.ask()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(asked).toBe(2);
  });

  test('takes an answer again that is young enough, and only then', async () => {
    const addresses = open();
    await addresses.ask();
    await addresses.ask({ maxAge: 60_000 });
    expect(asked).toBe(1);
    await addresses.ask();
    expect(asked).toBe(2);
  });

  test('that one asker gives up goes on for the others', async () => {
    const addresses = open();
    let finish = (_hosts: MayuHost[]) => {};
    answer = () => new Promise((resolve) => (finish = resolve));
    const stop = new AbortController();
    const impatient = addresses.ask({ signal: stop.signal });
    const patient = addresses.ask();
    stop.abort(new DOMException('cancelled', 'AbortError'));
    await expect(impatient).rejects.toThrow('cancelled');
    finish([host(first, '192.168.2.29')]);
    expect(await patient).toHaveLength(1);
    expect(await addresses.known(first)).toBe('192.168.2.29');
  });
});
