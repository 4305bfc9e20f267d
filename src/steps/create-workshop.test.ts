import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LabError } from '../engine/errors.js';
import type { LabEvent } from '../engine/events.js';
import { createExec } from '../engine/exec-process.js';
import type { Lab } from '../engine/lab.js';
import { createEventBus } from '../engine/state/event-bus.js';
import { createWorkshop, type WorkshopParts } from './create-workshop.js';
import type { Lesson, LintFault } from './lesson.js';
import { foldProgress, stepProgress } from './progress.js';
import { fakeLab, lessonOf, noExec } from './test-support.js';

let labDirectory: string;

beforeEach(async () => {
  labDirectory = await mkdtemp(join(tmpdir(), 'workshop-'));
});

afterEach(async () => {
  await rm(labDirectory, { recursive: true, force: true });
});

async function open(lessons: Lesson[], parts: Partial<WorkshopParts> = {}) {
  const bus = createEventBus();
  const events: LabEvent[] = [];
  bus.subscribe((event) => events.push(event));
  const workshop = await createWorkshop({
    lab: fakeLab(),
    lessons,
    lintFaults: [],
    bus,
    labDirectory,
    exec: createExec(bus),
    ...parts,
  });
  return { workshop, events, outline: () => outline(events) };
}

function outline(events: readonly LabEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === 'step') return [`${event.step} ${event.status} ${event.attempt}`];
    return event.type === 'action' ? [`${event.step}/${event.action} ${event.status}`] : [];
  });
}

const waiting = lessonOf('## Wait {#wait}\n```bash on=host name=wait\necho ready; sleep 600\n```\n');
const two = lessonOf(
  '## One {#one}\n```bash on=host\ntest -e "$FLAG"\n```\n\n## Two {#two}\nText.\n\n## Three {#three}\n```bash on=host\ntrue\n```\n',
);

function until(events: readonly LabEvent[], seen: (event: LabEvent) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!events.some(seen)) return;
      clearInterval(timer);
      resolve();
    }, 10);
  });
}

const outputOf = (text: string) => (event: LabEvent) => event.type === 'output' && event.text.includes(text);

describe('attempts', () => {
  test('are counted on from the journal of earlier sessions, with all their output kept', async () => {
    const flag = join(labDirectory, 'flag');
    const lab = fakeLab({ variables: async () => ({ FLAG: flag }) });
    const first = await open([two], { lab });
    expect(await first.workshop.runStep('demo', 'one')).toBe('failed');
    await first.workshop.close();
    await writeFile(flag, '');

    const second = await open([two], { lab });
    expect(await second.workshop.runStep('demo', 'one')).toBe('passed');
    const history = await second.workshop.history();
    expect(outline(history)).toEqual([
      'one started 1',
      'one/bash-1 started',
      'one/bash-1 failed',
      'one failed 1',
      'one started 2',
      'one/bash-1 started',
      'one/bash-1 passed',
      'one passed 2',
    ]);
    expect(stepProgress(foldProgress(history), 'demo', 'one')).toMatchObject({ status: 'passed', attempts: 2 });
    const names = await readdir(join(second.workshop.outputFile('demo', 'one', 2, 'bash-1'), '..'));
    expect(names.sort()).toEqual(['demo.one.1.bash-1.log', 'demo.one.2.bash-1.log']);
    await second.workshop.close();
  });

  test('an attempt that a killed session left open is interrupted, once', async () => {
    const killed = await open([waiting]);
    const running = killed.workshop.runStep('demo', 'wait');
    await until(killed.events, outputOf('ready'));
    const bytes = await readFile(join(killed.workshop.outputFile('demo', 'wait', 1, 'wait'), '../../events.ndjson'));
    await killed.workshop.close();
    expect(await running).toBe('cancelled');
    // The journal as a kill at that moment leaves it.
    await writeFile(join(killed.workshop.outputFile('demo', 'wait', 1, 'wait'), '../../events.ndjson'), bytes);

    const reader = await open([waiting], { recover: false });
    expect(reader.outline()).toEqual([]);
    await reader.workshop.close();
    const next = await open([waiting]);
    expect(outline(await next.workshop.history())).toEqual([
      'wait started 1',
      'wait/wait started',
      'wait/wait cancelled',
      'wait interrupted 1',
    ]);
    await next.workshop.close();
    const later = await open([waiting]);
    expect(later.outline()).toEqual([]);
    expect(stepProgress(foldProgress(await later.workshop.history()), 'demo', 'wait').status).toBe('interrupted');
    await later.workshop.close();
  });

  test('one runs at a time, and the second is told which', async () => {
    const { workshop, events } = await open([waiting, { ...two, id: 'other' }]);
    const controller = new AbortController();
    const running = workshop.runStep('demo', 'wait', { signal: controller.signal });
    await until(events, outputOf('ready'));
    await expect(workshop.runStep('other', 'two')).rejects.toMatchObject({ code: 'STEP_RUNNING' });
    await expect(workshop.skipStep('other', 'two')).rejects.toMatchObject({ code: 'STEP_RUNNING' });
    await expect(workshop.startOver()).rejects.toMatchObject({ code: 'STEP_RUNNING' });
    controller.abort();
    expect(await running).toBe('cancelled');
    expect(await workshop.runStep('other', 'two')).toBe('passed');
    await workshop.close();
  });

  test('start over begins a new run; the old one stays on disk', async () => {
    const { workshop } = await open([two]);
    await workshop.runStep('demo', 'three');
    const before = workshop.outputFile('demo', 'three', 1, 'bash-1');
    await workshop.startOver();
    expect(await workshop.history()).toEqual([]);
    expect(workshop.outputFile('demo', 'three', 1, 'bash-1')).not.toBe(before);
    await workshop.runStep('demo', 'three');
    expect(outline(await workshop.history())).toContain('three passed 1');
    await readFile(before);
    await workshop.close();
  });
});

describe('several steps', () => {
  test('run from one on, in order', async () => {
    const { workshop, outline: seen } = await open([two]);
    expect(await workshop.runFrom('demo', 'two')).toBe('passed');
    expect(seen().filter((line) => !line.includes('/'))).toEqual([
      'two started 1',
      'two passed 1',
      'three started 1',
      'three passed 1',
    ]);
    await workshop.close();
  });

  test('stop at the first that fails', async () => {
    const lab = fakeLab({ variables: async () => ({ FLAG: '/nowhere' }) });
    const { workshop, outline: seen } = await open([two], { lab });
    expect(await workshop.runFrom('demo', undefined)).toBe('failed');
    expect(seen().at(-1)).toBe('one failed 1');
    await workshop.close();
  });

  test('a skipped step is marked and counted', async () => {
    const { workshop, outline: seen } = await open([two]);
    await workshop.skipStep('demo', 'one');
    expect(seen()).toEqual(['one skipped 1']);
    await workshop.close();
  });
});

describe('checks only', () => {
  test('run the checks and nothing else', async () => {
    const body = '## A {#a}\n```bash on=host\nexit 1\n```\n```bats on=host check\n@test "true" { true; }\n```\n';
    const { workshop, outline: seen } = await open([lessonOf(body)]);
    expect(await workshop.checkStep('demo', 'a')).toBe('passed');
    expect(seen()).toEqual(['a started 1', 'a/bats-1 started', 'a/bats-1 passed', 'a passed 1']);
    await workshop.close();
  });

  test('say so when there are none', async () => {
    const { workshop, events } = await open([two]);
    expect(await workshop.checkStep('demo', 'one')).toBe('skipped');
    expect(events.map(({ type }) => type)).toEqual(['notice']);
    await workshop.close();
  });
});

describe('what is refused', () => {
  test('lessons and steps that do not exist', async () => {
    const { workshop } = await open([two]);
    await expect(workshop.runStep('nope', 'one')).rejects.toMatchObject({ code: 'LESSON_UNKNOWN', exitCode: 2 });
    await expect(workshop.runFrom('demo', 'nope')).rejects.toMatchObject({ code: 'STEP_UNKNOWN', exitCode: 2 });
    await workshop.close();
    await expect(workshop.runStep('demo', 'one')).rejects.toBeInstanceOf(LabError);
  });

  test('commands on the host from a lesson that is not trusted, until it is', async () => {
    const lesson = { ...two, trusted: false, hash: 'abc' };
    const added: string[] = [];
    const trust = { has: async () => false, add: async (hash: string) => void added.push(hash) };
    const { workshop, events } = await open([lesson], { trust });
    expect(await workshop.runStep('demo', 'three')).toBe('failed');
    const failed = events.find((event) => event.type === 'step' && event.status === 'failed');
    expect(failed).toMatchObject({ failure: { code: 'LESSON_NOT_TRUSTED' } });
    expect(events.some(({ type }) => type === 'action')).toBe(false);
    await workshop.trust('demo');
    expect(added).toEqual(['abc']);
    expect(await workshop.runStep('demo', 'three')).toBe('passed');
    await workshop.close();
  });

  test('a step with a fault in it, while the others run', async () => {
    const fault: LintFault = {
      file: 'demo.md',
      line: two.steps[2]?.position.line as number,
      column: 1,
      severity: 'error',
      rule: 'unknown-executor',
      message: 'There is no executor "lba"',
      suggestion: 'did you mean "lab"?',
    };
    const { workshop, events } = await open([two], { lintFaults: [fault] });
    expect(await workshop.runStep('demo', 'two')).toBe('passed');
    expect(await workshop.runStep('demo', 'three')).toBe('failed');
    expect(events.at(-1)).toMatchObject({ failure: { code: 'LESSON_FAULTY' } });
    await workshop.close();
  });
});

describe('in the background', () => {
  const lesson = lessonOf(
    '## A {#a}\n```bash on=core-01 background name=serve\nserve\n```\n```bash on=core-01 name=use\nuse\n```\n',
  );
  const serving = (): Lab =>
    fakeLab({
      exec: (_name, script, options) =>
        script === 'use'
          ? Promise.resolve({ exitCode: 0, stdout: '', stderr: '', timedOut: false, duration: 1 })
          : new Promise((_, reject) => {
              options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
            }),
    });

  test('an action lives on after its step, is listed, and is stopped by name', async () => {
    const { workshop, outline: seen } = await open([lesson], { lab: serving(), exec: noExec });
    expect(await workshop.runStep('demo', 'a')).toBe('passed');
    expect(workshop.background()).toEqual(['demo/a/serve']);
    await workshop.stopBackground('demo/a/serve');
    expect(workshop.background()).toEqual([]);
    expect(seen().at(-1)).toBe('a/serve cancelled');
    await expect(workshop.stopBackground('demo/a/serve')).rejects.toMatchObject({ code: 'NO_BACKGROUND' });
    await workshop.close();
  });

  test('running its step again replaces it, closing ends it', async () => {
    const { workshop, events } = await open([lesson], { lab: serving(), exec: noExec });
    await workshop.runStep('demo', 'a');
    await workshop.runStep('demo', 'a');
    expect(workshop.background()).toEqual(['demo/a/serve']);
    await workshop.close();
    const ended = events.filter((event) => event.type === 'action' && event.action === 'serve');
    expect(ended.map((event) => event.type === 'action' && `${event.attempt} ${event.status}`)).toEqual([
      '1 background',
      '1 cancelled',
      '2 background',
      '2 cancelled',
    ]);
  });
});
