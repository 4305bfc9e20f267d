import { expect, test } from 'vitest';
import type { PowerState } from '../events.js';
import type { MachineStatus } from '../lab.js';
import { STATE_WORDS, statusTable } from './status-table.js';

const machine = (name: string, state: PowerState): MachineStatus => ({ name, role: 'node', state });

test('the table of machine states, as Vagrant shows it', () => {
  const table = statusTable([machine('core-provisioner', 'running'), machine('core-01', 'not_created')], 'qemu');
  expect(table).toBe(
    [
      'Current machine states:',
      '',
      'core-provisioner          running (qemu)',
      'core-01                   not created (qemu)',
      '',
    ].join('\n'),
  );
});

test('machines that died are named with the command that starts them', () => {
  const machines = [machine('core-01', 'aborted'), machine('core-02', 'poweroff'), machine('core-03', 'aborted')];
  expect(statusTable(machines, 'qemu').split('\n').slice(5)).toEqual([
    '',
    'core-01, core-03 ended without being asked to. Start again with: coreos-lab up core-01 core-03',
    '',
  ]);
});

test('a long name moves the column', () => {
  const long = 'a-machine-with-a-very-long-name';
  const rows = statusTable([machine(long, 'paused'), machine('b', 'stopping')], 'qemu')
    .split('\n')
    .slice(2, 4);
  expect(rows).toEqual([`${long}  paused (qemu)`, `b${' '.repeat(32)}stopping (qemu)`]);
});

test('no two states have the same words, and each row can be read by the completion of machine names', () => {
  expect(new Set(Object.values(STATE_WORDS)).size).toBe(7);
  for (const state of Object.keys(STATE_WORDS) as PowerState[]) {
    for (const name of ['core-01', 'x'.repeat(40)]) {
      const row = statusTable([machine(name, state)], 'qemu').split('\n')[2];
      expect(row).toMatch(new RegExp(`^${name} {2,}[a-z ]+ \\(qemu\\)$`));
    }
  }
});
