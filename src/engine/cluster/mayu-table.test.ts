import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { defaultLabConfig } from '../config/defaults.js';
import { MayuClient } from './mayu-client.js';
import { mayuDetails, mayuHostNamed, mayuTable } from './mayu-table.js';

const { machines } = defaultLabConfig();
const stdout = await readFile('test/fixtures/cluster/mayu-hosts.json', 'utf8');
const hosts = await new MayuClient(machines[0] as (typeof machines)[number], machines, async () => ({
  exitCode: 0,
  stdout,
  stderr: '',
  timedOut: false,
})).hosts();

describe('the list', () => {
  test('has the columns of mayuctl, and the machines by address', () => {
    expect(`\n${mayuTable(hosts)}\n`).toBe(`
IP            SERIAL          PROFILE  IPMIADDR  PROVIDERID  ETCDTOKEN                         METADATA  COREOS  STATE         LASTBOOT
192.168.2.21  0800278e158b-0  core     10.0.0.9  -           7fb4e3a6fb1c7ed1ff32054e9b676210  -         1.0.0   "running"     2026-11-24 22:47:22
192.168.2.22  0800278e158a-0  core     -         -           7fb4e3a6fb1c7ed1ff32054e9b676210  -         1.0.0   "running"     2026-11-24 22:47:22
192.168.2.23  0800278e158d-0  core     -         -           7fb4e3a6fb1c7ed1ff32054e9b676210  -         1.0.0   "installing"  -
192.168.2.24  0800278e158c-0  default  -         -           7fb4e3a6fb1c7ed1ff32054e9b676210  -         1.0.0   "installing"  -
`);
  });

  test('is sorted by address as a number', () => {
    const many = [...'9 100 21'.split(' ')].map((last) => ({
      Serial: `s${last}`,
      State: 'unknown',
      InternalAddr: `192.168.2.${last}`,
    }));
    const client = new MayuClient(machines[0] as (typeof machines)[number], machines, async () => ({
      exitCode: 0,
      stdout: JSON.stringify(many),
      stderr: '',
      timedOut: false,
    }));
    return expect(client.hosts().then((all) => all.map(({ ip }) => ip))).resolves.toEqual([
      '192.168.2.9',
      '192.168.2.21',
      '192.168.2.100',
    ]);
  });

  test('has other columns where they are asked for, with names or without', () => {
    expect(mayuTable(hosts.slice(0, 2), { fields: 'machine, IP,docker', legend: false })).toBe(
      'core-02  192.168.2.21  -\ncore-01  192.168.2.22  -',
    );
    expect(mayuTable([], { fields: 'ip,state' })).toBe('IP  STATE');
    expect(mayuTable([], { legend: false })).toBe('');
  });

  test.each([
    ['ip,stat', 'Did you mean "state"?'],
    ['', /^Use one of: ip, serial/],
    ['constructor', /^Use one of/],
  ])('has no column %j', (fields, remedy) => {
    expect(() => mayuTable(hosts, { fields })).toThrow(
      expect.objectContaining({ code: 'MAYU_FIELD', exitCode: 2, remedy: [expect.stringMatching(remedy)] }),
    );
  });
});

describe('the status', () => {
  test('is all that Mayu keeps', () => {
    expect(mayuDetails(mayuHostNamed(hosts, 'core-02'))).toMatchInlineSnapshot(`
      "Machine:     core-02
      Serial:      0800278e158b-0
      IP:          192.168.2.21
      IPMI:        10.0.0.9
      Provider ID: -
      Macs:        -
      Hostname:    192-168-2-21
      MachineID:   2a8c09aa7b715505187c1b772a1a566c
      Profile:     core
      State:       "running"
      EtcdToken:   7fb4e3a6fb1c7ed1ff32054e9b676210
      CoreOS:      1.0.0
      LastBoot:    2026-11-24 22:47:22
      Enabled:     true"
    `);
  });

  test('is found by name and by serial in any case', () => {
    expect(mayuHostNamed(hosts, '0800278E158C-0')).toBe(mayuHostNamed(hosts, 'core-03'));
    expect(mayuHostNamed(hosts, '0800278e158d-0').machine).toBeUndefined();
    expect(() => mayuHostNamed(hosts, 'core-04')).toThrow(
      expect.objectContaining({ code: 'MAYU_HOST_UNKNOWN', why: expect.stringContaining('core-01 (0800278e158a-0)') }),
    );
    expect(() => mayuHostNamed([], 'core-04')).toThrow(
      expect.objectContaining({ why: 'No machine has booted from it yet.' }),
    );
  });
});
