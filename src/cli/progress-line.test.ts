import { expect, test } from 'vitest';
import type { LabEvent } from '../engine/events.js';
import { progressText, together } from './progress-line.js';

type ProgressEvent = Extract<LabEvent, { type: 'progress' }>;
const event = (id: string, rest: Partial<ProgressEvent>): ProgressEvent =>
  ({ type: 'progress', id, label: `Fetch ${id}`, unit: 'bytes', done: 0, seq: 1, time: 0, ...rest }) as ProgressEvent;

test('files that come side by side have one bar, which ends with the slowest', () => {
  const MiB = 2 ** 20;
  const all = [
    event('a', { done: 10 * MiB, total: 20 * MiB, eta: 5000 }),
    event('b', { done: 20 * MiB, total: 60 * MiB, eta: 90_000 }),
    event('c', { done: 0, total: 20 * MiB }),
  ];
  expect(together(all)).toMatchObject({ label: '3 files', done: 30 * MiB, total: 100 * MiB, eta: 90_000 });
  expect(progressText(together(all))).toMatch(/^3 files {2}█{7}░{17} 30 % {2}30 MiB of 100 MiB {2}1:30 left$/);
  const [first] = all as [ProgressEvent];
  expect(together([first])).toBe(first);
});

test('what cannot be added up is shown as it comes', () => {
  const size = event('a', { done: 1, total: 2 });
  const unknown = event('b', { done: 1 });
  const percent = event('c', { unit: 'percent', done: 50, total: 100 });
  expect(together([size, unknown])).toBe(unknown);
  expect(together([unknown, size])).toBe(size);
  expect(together([size, percent])).toBe(percent);
});
