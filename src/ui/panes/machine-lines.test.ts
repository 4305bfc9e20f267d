import stripAnsi from 'strip-ansi';
import { describe, expect, test } from 'vitest';
import type { BootStage } from '../../engine/events.js';
import type { MachineView } from '../state/lab-state.js';
import { width } from '../theme/text.js';
import { createTheme } from '../theme/theme.js';
import { chain, machineLines } from './machine-lines.js';

const theme = createTheme(false);
const STAGES: readonly BootStage[] = [
  ...(['power-on', 'firmware', 'dhcp', 'ipxe', 'kernel', 'initrd', 'ignition', 'system'] as const),
];
const AFTER: readonly BootStage[] = ['install', 'reboot', 'disk', 'system', 'ssh', 'etcd', 'running'];
const node = (stages: readonly BootStage[], more: Partial<MachineView> = {}): MachineView => ({
  name: 'core-01',
  role: 'node',
  state: 'running',
  since: 0,
  stages,
  ...more,
});
const upTo = (stage: BootStage) => STAGES.slice(0, STAGES.indexOf(stage) + 1);
const wide = (machine: MachineView) => stripAnsi(chain(machine, 200, theme));

describe('the chain of a boot', () => {
  test('of a node shows the whole way to a member that runs', () => {
    expect(wide(node(upTo('kernel'), { percent: 62.7 }))).toBe(
      'POST › DHCP › iPXE › [kernel 62%] › Ignition › install › reboot › disk › ssh › etcd › running',
    );
    expect(wide(node(upTo('system')))).toContain('Ignition › [system] › install › reboot › disk › ssh');
    const installed = STAGES.filter((stage) => stage !== 'system');
    expect(wide(node([...installed, 'install'], { percent: 3 }))).toContain('Ignition › [install 3%] › reboot › disk');
    expect(wide(node([...installed, ...AFTER.slice(0, 4)]))).toContain(
      'reboot › disk › [system] › ssh › etcd › running',
    );
  });

  test('of a node that boots from its disk is shorter; so is that of one that is no member', () => {
    expect(wide(node(['firmware', 'kernel']))).toBe('POST › [kernel] › system › ssh › etcd › running');
    expect(wide(node(['firmware'], { ip: '192.168.2.21' }))).toBe('[POST] › kernel › system › ssh › etcd › running');
    expect(wide(node(['firmware'], { profile: 'default' }))).toMatch(/^\[POST\] › DHCP .* › disk › ssh$/);
    expect(wide(node(['firmware', 'kernel', 'running'], { added: true }))).toBe(
      'POST › kernel › system › ssh › [running]',
    );
  });

  test('of a member that cannot begin alone says whom it waits for', () => {
    const alone = node(['kernel', 'system', 'ssh'], { waitsFor: 'core-02 or core-03' });
    expect(wide(alone)).toBe('POST › kernel › system › [ssh] › etcd waits for core-02 or core-03 › running');
    expect(stripAnsi(chain(alone, 56, theme))).toBe('[ssh] › etcd waits for core-02 or core-03 › running');
  });

  test('keeps the present stage and the goal at any width; passed stages give way first', () => {
    const all = [...STAGES.filter((stage) => stage !== 'system'), ...AFTER];
    for (const [index, stage] of all.entries()) {
      const machine = node(all.slice(0, index + 1), stage === 'install' ? { percent: 100 } : {});
      let before = '';
      for (let columns = 24; columns < 130; columns++) {
        const line = stripAnsi(chain(machine, columns, theme));
        expect(width(line)).toBeLessThanOrEqual(columns);
        expect(line).toMatch(/\[[^\]]+\]/);
        expect(line).toMatch(stage === 'running' ? /\[running\]$/ : / › running$/);
        expect(width(line)).toBeGreaterThanOrEqual(width(before));
        // Nothing that was passed is shown while something ahead is missing.
        if (line.includes('…')) expect(line.startsWith('[')).toBe(true);
        before = line;
      }
    }
  });
});

describe('the line of a node', () => {
  const line = (machine: MachineView, width = 100) =>
    stripAnsi(machineLines([machine], { theme, width, now: 100_000, selected: undefined })[0] ?? '').trimEnd();

  test('tells elapsed against usual until it runs', () => {
    const known = { usual: 80_000, usualRunning: 130_000 };
    expect(line(node(['firmware', 'dhcp'], { usual: 80_000 }))).toMatch(/1:40, usually 1:20$/);
    expect(line(node(['firmware', 'dhcp'], known))).toMatch(/1:40, usually 2:10$/);
    expect(line(node(['kernel', 'ssh'], { ssh: true, usual: 80_000 }))).toMatch(/ 1:40$/);
    expect(line(node(['kernel', 'ssh'], { ssh: true, ...known }))).toMatch(/1:40, usually 2:10$/);
    expect(line(node(['kernel', 'ssh'], { ssh: true, ...known }), 58)).toMatch(/1:40 of 2:10$/);
  });

  test('then its state, address and the health of its member', () => {
    const up = node(['kernel', 'running'], { ip: '192.168.2.21', ssh: true, etcd: 'leader' });
    expect(line(up)).toMatch(/running {2}192\.168\.2\.21 {2}etcd leader {2}ssh ok {2}up 1:40$/);
    expect(line({ ...up, etcd: 'ill' })).toMatch(/etcd ill {2}ssh ok {2}up 1:40$/);
    expect(line({ ...up, etcd: 'healthy' }, 50)).toMatch(/etcd ok {2}ssh ok$/);
  });
});
