import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseLabBlock } from './lab-verbs.js';
import { MACHINES } from './test-support.js';

const commands = (source: string) =>
  parseLabBlock(source, MACHINES).commands.map(({ line: _line, text: _text, ...command }) => command);
const faults = (source: string) =>
  parseLabBlock(source, MACHINES).faults.map(({ line, column, rule }) => `${line}:${column} ${rule}`);

test('one verb a line, with comments and empty lines', () => {
  const source = `
# first the image
image fetch
image send
mayu fetch
mayu hosts
up core-01 core-02   # two of them
  status
start
wait core-01 core-02 for ssh within 5m
wait core-01 for off
snapshot save ready-1
snapshot restore ready-1
snapshot discard ready-1
sync core-provisioner
add core-04
remove core-04
mayu list
mayu status
mayu status core-02
mayu status 0800278E158A-0
halt
reload core-01
reset core-01 core-01
destroy`;
  expect(faults(source)).toEqual([]);
  expect(commands(source)).toEqual([
    { verb: 'image', action: 'fetch' },
    { verb: 'image', action: 'send' },
    { verb: 'mayu', action: 'fetch' },
    { verb: 'mayu', action: 'hosts' },
    { verb: 'up', machines: ['core-01', 'core-02'] },
    { verb: 'status' },
    { verb: 'start', machines: [] },
    { verb: 'wait', machines: ['core-01', 'core-02'], condition: 'ssh', within: 300_000 },
    { verb: 'wait', machines: ['core-01'], condition: 'off' },
    { verb: 'snapshot', action: 'save', name: 'ready-1' },
    { verb: 'snapshot', action: 'restore', name: 'ready-1' },
    { verb: 'snapshot', action: 'discard', name: 'ready-1' },
    { verb: 'sync', machines: ['core-provisioner'] },
    { verb: 'add', machine: 'core-04' },
    { verb: 'remove', machine: 'core-04' },
    { verb: 'mayu', action: 'list' },
    { verb: 'mayu', action: 'status' },
    { verb: 'mayu', action: 'status', host: 'core-02' },
    { verb: 'mayu', action: 'status', host: '0800278E158A-0' },
    { verb: 'halt', machines: [] },
    { verb: 'reload', machines: ['core-01'] },
    { verb: 'reset', machines: ['core-01'] },
    { verb: 'destroy', machines: [] },
  ]);
});

describe('faults', () => {
  test.each([
    ['uo core-01', '0:0 lab-verb'],
    ['lab up', '0:0 lab-verb'],
    ['up core-04', '0:3 unknown-machine'],
    ['status core-01', '0:7 lab-verb'],
    ['image build', '0:6 lab-verb'],
    ['image', '0:0 lab-verb'],
    ['image send labos', '0:11 lab-verb'],
    ['mayu', '0:0 lab-verb'],
    ['mayu start', '0:5 lab-verb'],
    ['snapshot', '0:0 lab-verb'],
    ['snapshot save', '0:0 lab-verb'],
    ['snapshot save A/B', '0:14 lab-verb'],
    ['snapshot save a b', '0:16 lab-verb'],
    ['add', '0:0 lab-verb'],
    ['add core-04 core-05', '0:12 lab-verb'],
    ['add Core_4', '0:4 lab-verb'],
    ['remove host', '0:7 lab-verb'],
    ['mayu', '0:0 lab-verb'],
    ['mayu lsit', '0:5 lab-verb'],
    ['mayu list core-01', '0:10 lab-verb'],
    ['mayu status core-1', '0:12 unknown-machine'],
    ['mayu status core-01 core-02', '0:20 lab-verb'],
    ['wait', '0:0 lab-verb'],
    ['wait for ssh', '0:5 lab-verb'],
    ['wait core-01 for', '0:13 lab-verb'],
    ['wait core-01 for shh', '0:17 lab-verb'],
    ['wait core-01 for ssh within', '0:21 bad-timeout'],
    ['wait core-01 for ssh within soon', '0:28 bad-timeout'],
    ['wait core-01 for ssh within 5m now', '0:31 lab-verb'],
  ])('%s', (source, expected) => {
    const { commands: none, faults: found } = parseLabBlock(source, MACHINES);
    expect(none).toEqual([]);
    expect(found.map(({ line, column }) => `${line}:${column}`)).toEqual([expected.split(' ')[0]]);
    expect(found[0]?.suggestion).not.toBe('');
  });

  test('a line with a fault does not run, the others are read', () => {
    expect(commands('status\nup nowhere\nhalt')).toEqual([{ verb: 'status' }, { verb: 'halt', machines: [] }]);
  });
});

test('any text is read', () => {
  const word = fc.constantFrom(
    'up',
    'wait',
    'for',
    'ssh',
    'within',
    '5m',
    'snapshot',
    'save',
    'image',
    'fetch',
    'mayu',
    'add',
    'list',
    'status',
    'hosts',
    'core-01',
    '#',
    '\n',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string())), (words) => {
      const source = words.join(' ');
      const lines = source.split('\n');
      for (const { line, column } of parseLabBlock(source, MACHINES).faults) {
        expect(column).toBeLessThanOrEqual((lines[line] ?? '').length);
      }
    }),
  );
});
