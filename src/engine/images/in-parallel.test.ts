import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { inParallel } from './in-parallel.js';

describe('work side by side', () => {
  test('is never more than the limit at once, and its results are in the order of the items', async () => {
    let now = 0;
    let most = 0;
    const results = await inParallel([5, 1, 4, 2, 3], 2, undefined, async (item) => {
      most = Math.max(most, ++now);
      await sleep(item * 10);
      now -= 1;
      return item * 2;
    });
    expect(results).toEqual([10, 2, 8, 4, 6]);
    expect(most).toBe(2);
    expect(await inParallel([], 3, undefined, async () => 1)).toEqual([]);
  });

  test('ends with its first failure: what goes on is aborted and waited for, what waits is not begun', async () => {
    const begun: number[] = [];
    const ended: string[] = [];
    const going = inParallel([1, 2, 3], 2, undefined, async (item, signal) => {
      begun.push(item);
      if (item === 1) throw new Error('the first');
      await sleep(60_000, undefined, { signal }).catch(async () => {
        await sleep(50);
        ended.push('aborted');
        throw new Error('an echo of it');
      });
    });
    await expect(going).rejects.toThrow('the first');
    expect(begun).toEqual([1, 2]);
    expect(ended).toEqual(['aborted']);
  });

  test('is aborted from outside', async () => {
    const stop = new AbortController();
    const going = inParallel([1, 2], 2, stop.signal, (_item, signal) => sleep(60_000, undefined, { signal }));
    stop.abort(new DOMException('cancelled', 'AbortError'));
    await expect(going).rejects.toMatchObject({ name: 'AbortError' });
  });
});
