import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LabEvent, LabEventBody } from '../engine/events.js';
import {
  emptyProgress,
  foldProgress,
  interruptRunning,
  lessonProgress,
  nextStep,
  reduceProgress,
  stepProgress,
} from './progress.js';
import { endOpenAttempts, readHistory } from './recover.js';
import { lessonOf, RecordingBus } from './test-support.js';

const stamp = (bodies: LabEventBody[]): LabEvent[] =>
  bodies.map((body, index) => ({ seq: index + 1, time: index, ...body }));
const ref = (attempt: number, step = 'a') => ({ lesson: 'demo', step, attempt });
const started = (attempt: number, step?: string): LabEventBody => ({
  type: 'step',
  status: 'started',
  ...ref(attempt, step),
});
const action = (attempt: number, executor: string, status: 'started' | 'passed' = 'started'): LabEventBody => ({
  type: 'action',
  status,
  executor,
  action: `${executor}-1`,
  ...ref(attempt),
});
const passed = (attempt: number, duration: number): LabEventBody => ({
  type: 'step',
  status: 'passed',
  duration,
  ...ref(attempt),
});

describe('a step', () => {
  test('that never began', () => {
    expect(stepProgress(emptyProgress(), 'demo', 'a')).toEqual({ status: 'not-started', attempts: 0, passed: [] });
  });

  test('runs, fails, runs again and passes; a checks-only attempt does not count for the usual time', () => {
    const failure = { code: 'X', message: 'x', remedy: [] };
    const events = stamp([
      started(1),
      action(1, 'bash'),
      { type: 'step', status: 'failed', duration: 5, failure, ...ref(1) },
      started(2),
      action(2, 'bash'),
      action(2, 'bash', 'passed'),
      passed(2, 3000),
      started(3),
      action(3, 'bats'),
      passed(3, 10),
    ]);
    expect(stepProgress(foldProgress(events.slice(0, 3)), 'demo', 'a')).toMatchObject({ status: 'failed', failure });
    const running = stepProgress(foldProgress(events.slice(0, 4)), 'demo', 'a');
    expect(running).toMatchObject({ status: 'running', attempts: 2, started: 3 });
    expect(running).not.toHaveProperty('failure');
    expect(stepProgress(foldProgress(events), 'demo', 'a')).toMatchObject({
      status: 'passed',
      attempts: 3,
      duration: 10,
      usual: 3000,
    });
  });

  test('the late end of an older attempt changes nothing', () => {
    const events = stamp([started(1), started(2), { type: 'step', status: 'interrupted', ...ref(1) }]);
    expect(stepProgress(foldProgress(events), 'demo', 'a')).toMatchObject({ status: 'running', attempts: 2 });
  });

  test('that runs was interrupted for a reader who knows that nothing runs', () => {
    const progress = foldProgress(stamp([started(1)]));
    expect(stepProgress(interruptRunning(progress), 'demo', 'a').status).toBe('interrupted');
    expect(stepProgress(progress, 'demo', 'a').status).toBe('running');
  });
});

test('a lesson sums up its steps and knows where to go on', () => {
  const lesson = lessonOf('## A {#a}\nx\n\n## B {#b}\nx\n\n## C {#c}\nx\n');
  const of = (bodies: LabEventBody[]) => {
    const progress = foldProgress(stamp(bodies));
    const { status, done, total } = lessonProgress(progress, lesson);
    return [status, `${done}/${total}`, nextStep(progress, lesson)];
  };
  const end = (step: string, status: 'passed' | 'skipped' | 'failed'): LabEventBody => ({
    type: 'step',
    status,
    ...ref(1, step),
  });
  expect(of([])).toEqual(['not-started', '0/3', 'a']);
  expect(of([started(1)])).toEqual(['running', '0/3', 'a']);
  expect(of([end('a', 'passed')])).toEqual(['running', '1/3', 'b']);
  expect(of([end('a', 'passed'), end('b', 'failed')])).toEqual(['failed', '1/3', 'b']);
  expect(of([end('a', 'passed'), end('b', 'skipped'), end('c', 'passed')])).toEqual(['passed', '3/3', undefined]);
});

const anyEvent = fc.oneof(
  fc.record({
    type: fc.constant('step' as const),
    status: fc.constantFrom('started', 'passed', 'failed', 'cancelled', 'interrupted', 'skipped'),
    lesson: fc.constantFrom('demo', 'other'),
    step: fc.constantFrom('a', 'b'),
    attempt: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    type: fc.constant('action' as const),
    status: fc.constantFrom('started', 'background', 'passed', 'failed', 'cancelled', 'skipped'),
    executor: fc.constantFrom('bash', 'bats', 'lab'),
    action: fc.constantFrom('x', 'y'),
    lesson: fc.constantFrom('demo', 'other'),
    step: fc.constantFrom('a', 'b'),
    attempt: fc.integer({ min: 1, max: 4 }),
  }),
);

test('folding at once and event by event is the same, and nothing given is changed', () => {
  fc.assert(
    fc.property(fc.array(anyEvent), (bodies) => {
      const events = stamp(bodies as LabEventBody[]);
      let progress = emptyProgress();
      for (const event of events) {
        const before = new Map(progress);
        const after = reduceProgress(progress, event);
        expect(progress).toEqual(before);
        progress = after;
      }
      expect(progress).toEqual(foldProgress(events));
    }),
  );
});

test('recovery leaves nothing open, and a second one finds nothing to do', () => {
  fc.assert(
    fc.property(fc.array(anyEvent), (bodies) => {
      const history = stamp(bodies as LabEventBody[]);
      const bus = new RecordingBus();
      endOpenAttempts(readHistory(history), bus);
      const all = stamp([...history, ...bus.all]);
      expect([...foldProgress(all).values()].filter(({ status }) => status === 'running')).toEqual([]);
      const again = new RecordingBus();
      endOpenAttempts(readHistory(all), again);
      expect(again.all).toEqual([]);
    }),
  );
});
