import { describe, expect, test } from 'vitest';
import type { ClusterState } from '../../engine/cluster/cluster-state.js';
import { initialLabState, type MachineView } from '../state/lab-state.js';
import { fixtureConfig } from '../testing/fixture-lab.js';
import { width } from '../theme/text.js';
import { createTheme } from '../theme/theme.js';
import { clusterLines } from './cluster-lines.js';

const NOW = Date.UTC(2026, 10, 24, 12);
const machines: MachineView[] = initialLabState(fixtureConfig.machines).machines.map((machine) => ({
  ...machine,
  state: 'running',
}));
const member = (number: number, more: Partial<ClusterState['etcd']['members'][number]> = {}) => ({
  name: `core-0${number}`,
  address: `192.168.2.2${number}`,
  started: true,
  healthy: true,
  leader: false,
  ...more,
});
const host = (number: number, state: string, more: object = {}) => ({
  machine: `core-0${number}`,
  serial: `s${number}`,
  ip: `192.168.2.2${number}`,
  state,
  profile: 'core',
  ...more,
});
const formed: ClusterState = {
  mayu: {
    state: 'up',
    dhcp: true,
    hosts: [host(1, 'running', { lastBoot: NOW - 90_000 }), host(2, 'running'), host(3, 'installing')],
  },
  etcd: { quorum: true, members: [member(1, { leader: true }), member(2), member(3, { healthy: false })] },
};
const draw = (cluster: ClusterState | undefined, columns = 58, height = 10, selected?: string) =>
  clusterLines(cluster, machines, { theme: createTheme(false), width: columns, height, now: NOW, selected }).map(
    (line) => line.replace(/\u001B\[[0-9;]*m/g, ''),
  );

describe('the cluster', () => {
  test('is two lines on the whole and one on each node', () => {
    expect(draw(formed)).toMatchInlineSnapshot(`
      [
        "● Mayu  up, serves DHCP and the image",
        "● etcd  quorum, 2 of 3 healthy, core-01 leads",
        "  NODE     ADDRESS          MAYU          ETCD",
        "  core-01  192.168.2.21     ● running     ● leader",
        "  core-02  192.168.2.22     ● running     ● healthy",
        "  core-03  192.168.2.23     ◐ installing  ◐ joining",
      ]
    `);
  });

  test('tells more where there is room', () => {
    expect(draw(formed, 90)[3]).toMatch(/core-01 .* ● leader +core {2}booted 1:30 ago$/);
  });

  test('tells a member that fails from one that is on its way', () => {
    const hosts = [host(3, 'running')];
    expect(draw({ ...formed, mayu: { ...formed.mayu, hosts } }).at(-1)).toContain('● running     ✗ not healthy');
  });

  test('says what is wrong with Mayu, and with etcd', () => {
    const reason = 'Its service mayu does not run.';
    const broken: ClusterState = {
      mayu: { state: 'down', reason, hosts: formed.mayu.hosts },
      etcd: { quorum: false, members: [member(1, { healthy: false }), member(2, { healthy: false })] },
    };
    expect(draw(broken).slice(0, 2)).toEqual([
      '✗ Mayu  down  Its service mayu does not run.',
      '✗ etcd  no quorum, 0 of 2 healthy, nobody leads',
    ]);
    expect(draw({ ...formed, mayu: { ...formed.mayu, dhcp: false } })[0]).toContain('nobody serves DHCP');
    expect(draw({ ...formed, mayu: { state: 'unknown', reason: 'Off.', hosts: [] } })[0]).toBe(
      '○ Mayu  not known  Off.',
    );
  });

  test('says which machines etcd waits for', () => {
    const waits = { more: 1, machines: ['core-02', 'core-03'] };
    const alone: ClusterState = { mayu: formed.mayu, etcd: { quorum: false, members: [], waits } };
    expect(draw(alone, 90)[1]).toBe('◐ etcd  waits for one more member: core-02 or core-03 (coreos-lab up core-02)');
    expect(draw(alone)[1]).toMatch(/^◐ etcd {2}waits for one more member: core-02 or core-03 /);
  });

  test('has nodes that only one of the two knows, and those of no lab', () => {
    const mixed: ClusterState = {
      mayu: { state: 'up', hosts: [host(1, 'running'), { serial: 'stranger', ip: '192.168.2.29', state: 'unknown' }] },
      etcd: { quorum: true, members: [member(2), member(9, { name: '', started: false })] },
    };
    const rows = draw(mixed)
      .slice(3)
      .map((line) => line.trim().replaceAll(/ {2,}/g, '|'));
    expect(rows).toEqual([
      'core-01|192.168.2.21|● running|− no member',
      'core-02|192.168.2.22|○ unknown|● healthy',
      'core-03|-|○ unknown|− no member',
      'stranger|192.168.2.29|○ unknown|◐ not started',
    ]);
  });

  test('has nothing to tell before anybody looked, and before a node booted', () => {
    expect(draw(undefined)).toEqual(['Mayu and etcd are looked at once the provisioner answers.']);
    const empty = { mayu: { state: 'up' as const, hosts: [] }, etcd: { quorum: false, members: [] } };
    const none = machines.map((machine) => ({ ...machine, state: 'not_created' as const }));
    const lines = clusterLines(empty, none, {
      theme: createTheme(false),
      width: 58,
      height: 5,
      now: NOW,
      selected: undefined,
    });
    expect(lines[2]).toContain('No node has booted from Mayu yet.');
  });

  test.each([1, 2, 3, 4, 5, 6, 20])('fits into %i lines, and counts what is left out', (height) => {
    const lines = draw(formed, 58, height);
    expect(lines.length).toBeLessThanOrEqual(Math.max(3, height));
    if (height === 4) expect(lines.at(-1)).toBe('  … 2 more');
    if (height === 5) expect(lines.at(-1)).toContain('core-03');
  });

  test.each([10, 30, 58, 120])('is never wider than %i columns, whatever Mayu says', (columns) => {
    const strange = host(1, 'in\u001B[2Jstalling\u202E'.repeat(5), { profile: '漢字'.repeat(20), ip: undefined });
    const cluster: ClusterState = { mayu: { state: 'up', hosts: [strange as never] }, etcd: formed.etcd };
    for (const line of draw(cluster, columns)) expect(width(line)).toBeLessThanOrEqual(columns);
  });
});
