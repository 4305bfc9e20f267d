import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readNode } from './node-script.js';
import { readLock } from './reboot-lock.js';
import { readServer } from './update-server.js';
import { sortUpdates } from './updates-script.js';

const key = (value: unknown, modifiedIndex: number) =>
  JSON.stringify({ action: 'get', node: { key: '/x', value: JSON.stringify(value), modifiedIndex } });
const MISSING = '{"errorCode":100,"message":"Key not found","cause":"/coreos.com","index":3}';

describe('the reboot lock', () => {
  test('is as the latest change says, whoever else answers', () => {
    const stale = key({ semaphore: 0, max: 1, holders: ['old'] }, 4);
    const fresh = key({ semaphore: 0, max: 1, holders: ['AB-CD'] }, 9);
    const held = { state: 'held', holders: [{ id: 'abcd' }] };
    expect(readLock([stale, fresh, '', MISSING])).toEqual(held);
    expect(readLock([MISSING, fresh, stale])).toEqual(held);
    expect(readLock([fresh, key({ semaphore: 1, max: 1, holders: null }, 10)])).toEqual({ state: 'free', holders: [] });
  });

  test('is not known where nobody answers as etcd', () => {
    expect(readLock(['', '<html>', '{}', '{"node":{"value":"x"}}'])).toEqual({ state: 'unknown', holders: [] });
    expect(readLock([])).toEqual({ state: 'unknown', holders: [] });
  });
});

describe('the update server', () => {
  const group = { id: 'g', name: 'lab', track: 'lab', channel: null };
  const instance = (application: object) => ({ id: '1-2', ip: '192.168.2.21', application });

  test('has groups that give nothing yet, and machines of which little is known', () => {
    const machines = [instance({ version: '1.0.0', status: null }), instance({ status: 99 }), { id: 3 }, null];
    const answer = readServer(
      JSON.stringify({ groups: [group, { id: 'h' }, { ...group, id: 'i', name: 'b\u001b[2Jeta' }] }),
      new Map([['g', JSON.stringify({ instances: machines })]]),
    );
    expect(answer?.groups).toEqual([
      { name: 'lab', track: 'lab', enabled: false, safeMode: false, rollout: false, instances: 2 },
      { name: 'b[2Jeta', track: 'lab', enabled: false, safeMode: false, rollout: false, instances: 0 },
    ]);
    expect(answer?.instances.map(({ id, version, status }) => [id, version, status])).toEqual([
      ['12', '1.0.0', 'undefined'],
      ['12', '', 'undefined'],
    ]);
  });

  test('of Nebraska has groups of its own, which are not told before a machine is in one', () => {
    const groups = ['lab', 'stable', 'beta'].map((track) => ({ ...group, id: track, name: track, track }));
    const machines = new Map([['beta', JSON.stringify({ instances: [instance({ version: '1.0.0' })] })]]);
    const answer = readServer(JSON.stringify({ groups }), machines);
    expect(answer?.groups.map(({ name }) => name)).toEqual(['lab', 'beta']);
  });

  test('is none that answers otherwise', () => {
    for (const text of ['', '[]', '{}', '{"groups":null}', 'null']) expect(readServer(text, new Map())).toBeUndefined();
  });
});

describe('a node', () => {
  test('is believed what it says of its release rather than of its name', () => {
    const text = 'version VERSION_ID=3\nversion FLATCAR_RELEASE_VERSION=4593.2.0\n';
    expect(readNode(text)).toEqual({ version: '4593.2.0' });
    expect(readNode('version FLATCAR_RELEASE_VERSION=\nversion VERSION_ID="1.0"\n')).toEqual({ version: '1.0' });
  });

  test('has a percentage while it downloads only, and a new version only where there is one', () => {
    const engine = (operation: string, progress: string) =>
      readNode(
        `unit active\nstatus CURRENT_OP=UPDATE_STATUS_${operation}\nstatus PROGRESS=${progress}\nstatus NEW_VERSION=0.0.0\nstatus LAST_CHECKED_TIME=0\n`,
      ).engine;
    expect(engine('DOWNLOADING', '0.999999')).toEqual({ running: true, operation: 'DOWNLOADING', percent: 99 });
    expect(engine('DOWNLOADING', '17')).toEqual({ running: true, operation: 'DOWNLOADING' });
    expect(engine('UPDATED_NEED_REBOOT', '1.0')).toEqual({ running: true, operation: 'UPDATED_NEED_REBOOT' });
  });
});

test('nothing of it throws, whatever is answered', () => {
  const word = fc.constantFrom('id', 'version', 'slot', 'running', 'unit', 'status', 'server', 'instances', 'lock');
  const rest = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.constantFrom(
      '3 2 0 1',
      '4 9 9 9',
      '3',
      'active',
      'CURRENT_OP=UPDATE_STATUS_X',
      'PROGRESS=NaN',
      '0 {"groups":[]}',
    ),
  );
  const output = fc.array(fc.tuple(word, rest)).map((lines) => lines.map((line) => line.join(' ')).join('\n'));
  const application = fc.record({
    version: fc.anything(),
    status: fc.anything(),
    last_check_for_updates: fc.anything(),
  });
  const groups = fc.record({ groups: fc.array(fc.record({ id: fc.constant('g'), name: fc.anything() })) });
  const instances = fc.record({ instances: fc.array(fc.record({ id: fc.string(), application })) });
  const text = (value: unknown) => JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? 1 : each)) ?? '';
  fc.assert(
    fc.property(output, groups, instances, fc.json(), (lines, some, machines, value) => {
      readNode(lines);
      readLock([value, text({ node: { value, modifiedIndex: 1 } }), ...sortUpdates(lines).locks]);
      const answer = readServer(text(some), new Map([['g', text(machines)]]));
      expect(answer?.groups.length).toBeLessThanOrEqual(some.groups.length);
    }),
  );
});
