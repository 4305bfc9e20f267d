import { describe, expect, test } from 'vitest';
import type { NodeUpdates, RebootLock, UpdatesState } from '../../engine/updates/updates-state.js';
import { toAscii } from '../theme/ascii.js';
import { width } from '../theme/text.js';
import { createTheme } from '../theme/theme.js';
import { updatesLines } from './updates-lines.js';

const slot = (priority: number, tries: number, successful: number) => ({ priority, tries, successful });
const node = (number: number, more: Partial<NodeUpdates> = {}): NodeUpdates => ({
  machine: `core-0${number}`,
  address: `192.168.2.2${number}`,
  state: 'answers',
  version: '1.0.0',
  slots: { running: 'A', A: slot(2, 0, 1), B: slot(1, 0, 0) },
  engine: { running: true, operation: 'IDLE' },
  server: { group: 'lab', version: '1.0.0', status: 'onhold' },
  ...more,
});
const group = {
  name: 'lab',
  track: 'lab',
  version: '1.1.0',
  enabled: true,
  safeMode: true,
  rollout: true,
  instances: 3,
};
const rollout: UpdatesState = {
  server: { state: 'up', groups: [group] },
  lock: { state: 'held', holders: [{ id: 'aa', machine: 'core-01' }] },
  nodes: [
    node(1, {
      slots: { running: 'A', A: slot(1, 0, 1), B: slot(2, 1, 0) },
      engine: { running: true, operation: 'UPDATED_NEED_REBOOT', version: '1.1.0' },
      server: { group: 'lab', version: '1.0.0', status: 'installed' },
      lock: true,
    }),
    node(2, {
      engine: { running: true, operation: 'DOWNLOADING', percent: 43, version: '1.1.0' },
      server: { group: 'lab', version: '1.0.0', status: 'downloading' },
    }),
    node(3),
  ],
};
const draw = (updates: UpdatesState | undefined, columns = 58, height = 10, selected?: string) =>
  updatesLines(updates, { theme: createTheme(false), width: columns, height, selected }).map((line) =>
    line.replace(/\u001B\[[0-9;]*m/g, ''),
  );

describe('the updates', () => {
  test('are three lines on the whole and one on each node', () => {
    expect(draw(rollout)).toMatchInlineSnapshot(`
      [
        "◐ Nodes   0 of 3 on 1.1.0, core-01 waits to restart, core…",
        "● Server  group lab gives 1.1.0, safe mode, rollout in pr…",
        "◐ Lock    held by core-01",
        "  NODE     RUNS     USR-A   USR-B   ENGINE            LOCK",
        "  core-01  1.0.0 A  ▸1/0/1   2/1/0  waits to restart  lock",
        "  core-02  1.0.0 A  ▸2/0/1   1/0/0  downloads 43 %",
        "  core-03  1.0.0 A  ▸2/0/1   1/0/0  idle",
      ]
    `);
  });

  test('tell more where there is room', () => {
    expect(draw(rollout, 100)).toMatchInlineSnapshot(`
      [
        "◐ Nodes   0 of 3 on 1.1.0, core-01 waits to restart, core-02 downloads 43 %, core-03 is on hold, co…",
        "● Server  group lab gives 1.1.0, safe mode, rollout in progress",
        "◐ Lock    held by core-01",
        "  NODE     RUNS     USR-A   USR-B   ENGINE            LOCK  SERVER",
        "  core-01  1.0.0 A  ▸1/0/1   2/1/0  waits to restart  lock  installed",
        "  core-02  1.0.0 A  ▸2/0/1   1/0/0  downloads 43 %          downloading  ━━━━──────",
        "  core-03  1.0.0 A  ▸2/0/1   1/0/0  idle                    on hold",
      ]
    `);
  });

  test('mark the slot that runs by its letter too, and need no other characters than those of ASCII', () => {
    const updated = node(1, { version: '1.1.0', slots: { running: 'B', A: slot(1, 0, 1), B: slot(2, 0, 1) } });
    const row = draw({ ...rollout, nodes: [updated] }).at(-1) as string;
    expect(toAscii(row)).toMatch(/^ {2}core-01 {2}1\.1\.0 B {3}1\/0\/1 {2}>2\/0\/1 {2}idle/);
  });

  test('of nodes that cannot be updated say why', () => {
    const nodes = [
      node(1, { slots: 'none', engine: { running: false } }),
      node(2, { engine: { running: false } }),
      node(3, { state: 'silent', lock: true }),
      node(4, { state: 'silent' }),
      { machine: 'core-05', state: 'off' } as const,
    ];
    const rows = draw({ ...rollout, nodes }, 100).slice(-5);
    const words = rows.map((row) => row.trim().replaceAll(/ {2,}/g, '|').split('|').slice(1).join('|'));
    expect(words).toEqual([
      '1.0.0|−|−|runs in memory|on hold',
      '1.0.0 A|▸2/0/1|1/0/0|not running|on hold',
      '1.0.0 A|▸2/0/1|1/0/0|restarts|lock|on hold',
      '1.0.0 A|▸2/0/1|1/0/0|does not answer|on hold',
      '?|−|−|off|not seen',
    ]);
  });

  test('say what is wrong with the server, that it is paused, and what failed', () => {
    const none: RebootLock = { state: 'unknown', holders: [] };
    const reason = 'Nothing answers on port 8000 of the provisioner.';
    expect(draw({ server: { state: 'down', reason, groups: [] }, lock: none, nodes: [] })).toEqual([
      '○ Nodes   no nodes',
      '✗ Server  down  Nothing answers on port 8000 of the provi…',
      '○ Lock    not known, no etcd answers',
    ]);
    expect(draw({ ...rollout, server: { state: 'unknown', groups: [] } })[1]).toBe('○ Server  not known');
    const paused = { state: 'up' as const, groups: [{ ...group, enabled: false }] };
    expect(draw({ ...rollout, server: paused })[1]).toBe('‖ Server  group lab gives 1.1.0, safe mode, updates paused');
    const failed = node(1, { server: { group: 'lab', version: '1.0.0', status: 'error' } });
    const free: RebootLock = { state: 'free', holders: [] };
    expect(draw({ ...rollout, lock: free, nodes: [failed] })[0]).toBe('✗ Nodes   0 of 1 on 1.1.0, core-01 failed');
    const done = node(1, { version: '1.1.0', server: { group: 'lab', version: '1.1.0', status: 'complete' } });
    expect(draw({ ...rollout, lock: free, nodes: [done] })[0]).toBe('● Nodes   1 of 1 on 1.1.0');
  });

  test('are not there before anybody looked', () => {
    expect(draw(undefined)).toEqual(['Updates are looked at once there is an update server.']);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 20])('fit into %i lines, and count what is left out', (height) => {
    const lines = draw(rollout, 58, height);
    expect(lines.length).toBeLessThanOrEqual(Math.max(2, height));
    expect(lines[0]).toContain('0 of 3 on 1.1.0');
    if (height === 3) expect(lines.at(-1)).toBe('  … 2 more');
    if (height >= 4) expect(lines.at(-1)).toContain('core-03');
    expect(lines.some((line) => line.includes('USR-A'))).toBe(height >= 7);
  });

  test.each([10, 30, 58, 80, 120])('are never wider than %i columns, whatever is answered', (columns) => {
    const strange = node(1, {
      machine: '漢字'.repeat(20),
      version: 'in\u001B[2Jstalling\u202E'.repeat(5),
      slots: { running: 'A', A: slot(1e20, 1e20, 9), B: slot(1, 1, 1) },
      engine: { running: true, operation: 'SOMETHING_NEW_OF_THIS_NAME', percent: 1e9 },
    });
    for (const line of draw({ ...rollout, nodes: [strange, ...rollout.nodes] }, columns))
      expect(width(line)).toBeLessThanOrEqual(columns);
  });
});
