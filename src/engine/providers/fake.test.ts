import { describe, expect, it } from 'vitest';
import { createFakeProvider } from './fake.js';
import type { MachineSpec } from './provider.js';

const spec = { name: 'core-01' } as MachineSpec;

describe('createFakeProvider', () => {
  it('answers planned calls in order', async () => {
    const fake = createFakeProvider({
      calls: [
        { method: 'create', with: ['core-01'] },
        { method: 'start', with: [spec], throws: new Error('no') },
        { method: 'native', returns: (verb: string) => [verb] },
        { method: 'states', with: [['core-01']], returns: new Map([['core-01', 'running']]) },
      ],
    });
    await fake.create(spec, {});
    await expect(fake.start(spec)).rejects.toThrow('no');
    expect(fake.native('start', spec)).toEqual(['start']);
    expect((await fake.states(['core-01'])).get('core-01')).toBe('running');
    fake.verify();
    expect(fake.calls.map(({ method }) => method)).toEqual(['create', 'start', 'native', 'states']);
  });

  it('throws on a call that is not planned, and remembers it', async () => {
    const fake = createFakeProvider({ calls: [{ method: 'create' }, { method: 'start' }] });
    await expect(fake.start(spec)).rejects.toThrow('unplanned call: start("core-01"); planned next: create(…)');
    await expect(fake.destroy('core-02')).rejects.toThrow('unplanned');
    expect(() => fake.verify()).toThrow('destroy("core-02")');
  });

  it('throws on other arguments', async () => {
    const fake = createFakeProvider({ calls: [{ method: 'link', with: ['core-01', false] }] });
    await expect(fake.link('core-01', true)).rejects.toThrow('planned next: link("core-01", false)');
  });

  it('says what was planned but not called', () => {
    const fake = createFakeProvider({ calls: [{ method: 'reset', with: ['core-03'] }] });
    expect(() => fake.verify()).toThrow('planned but not called: reset("core-03")');
  });

  it('matches in any order when asked to, and answers polling for ever', async () => {
    const fake = createFakeProvider({
      anyOrder: true,
      calls: [
        { method: 'powerOff', with: ['a'] },
        { method: 'powerOff', with: ['b'] },
        { method: 'states', always: true, returns: new Map() },
      ],
    });
    await fake.powerOff('b');
    await fake.states([]);
    await fake.powerOff('a');
    await fake.states([]);
    fake.verify();
    await expect(fake.powerOff('a')).rejects.toThrow('unplanned');
  });
});
