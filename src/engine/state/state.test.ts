import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LabEvent } from '../events.js';
import { readJson, writeFileAtomic } from './atomic-file.js';
import { createEventBus } from './event-bus.js';
import { openJournal, readJournal } from './journal.js';
import { acquireLock, lockHolder } from './lock.js';
import { makeLabDirectories } from './make-directories.js';
import { labPaths } from './paths.js';
import { Runs } from './runs.js';
import { Timings } from './timings.js';
import { checkStateVersion } from './version.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'state-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const notice = (seq: number, text: string): LabEvent => ({ seq, time: seq, type: 'notice', level: 'info', text });

describe('paths', () => {
  test('follow the XDG variables, and sockets get a short directory', () => {
    const paths = labPaths('default', {
      XDG_STATE_HOME: '/s',
      XDG_CACHE_HOME: '/c',
      XDG_RUNTIME_DIR: '/r',
      HOME: '/h',
    });
    expect(paths).toMatchObject({ labDirectory: '/s/coreos-lab/labs/default', cacheDirectory: '/c/coreos-lab' });
    expect(paths.runtimeDirectory).toMatch(/^\/r\/coreos-lab\/[0-9a-f]{10}$/);
    const long = labPaths('default', { HOME: '/h', XDG_RUNTIME_DIR: `/${'x'.repeat(90)}` });
    expect(long.runtimeDirectory.length).toBeLessThan(60);
    expect(labPaths('other', { HOME: '/h' }).runtimeDirectory).not.toBe(
      labPaths('default', { HOME: '/h' }).runtimeDirectory,
    );
  });

  test('a directory that cannot be made is named, with the variable to set', () => {
    writeFileSync(join(directory, 'file'), '');
    const paths = labPaths('default', {
      XDG_STATE_HOME: join(directory, 'file'),
      XDG_CACHE_HOME: directory,
      HOME: directory,
    });
    expect(() => makeLabDirectories(paths)).toThrow(
      expect.objectContaining({
        code: 'STATE_NOT_WRITABLE',
        exitCode: 2,
        message: expect.stringContaining('a part of the path is a file'),
        remedy: [expect.stringContaining('XDG_STATE_HOME')],
      }),
    );
  });

  test('a directory for sockets that others may write to, or that is a link, is refused', () => {
    const paths = labPaths('default', { XDG_STATE_HOME: directory, XDG_CACHE_HOME: directory, HOME: directory });
    const sockets = join(directory, 'r');
    const own = { ...paths, runtimeDirectory: join(sockets, 'lab') };
    makeLabDirectories(own);
    chmodSync(sockets, 0o777);
    expect(() => makeLabDirectories(own)).toThrow(expect.objectContaining({ code: 'RUNTIME_NOT_OURS' }));
    chmodSync(sockets, 0o700);
    symlinkSync(sockets, join(directory, 'link'));
    expect(() => makeLabDirectories({ ...own, runtimeDirectory: join(directory, 'link', 'lab') })).toThrow(
      expect.objectContaining({ code: 'RUNTIME_NOT_OURS' }),
    );
  });
});

describe('journal', () => {
  test('a torn last line is set aside, and the next event begins a line of its own', () => {
    const file = join(directory, 'events.ndjson');
    const first = openJournal(file);
    first.append(notice(1, 'one'));
    first.close();
    appendFileSync(file, '{"seq":2,"ti');
    const second = openJournal(file);
    expect(second.lastSeq).toBe(1);
    second.append(notice(2, 'two'));
    second.close();
    expect(readJournal(file)).toEqual({ events: [notice(1, 'one'), notice(2, 'two')], faults: [] });
    expect(readFileSync(`${file}.torn`, 'utf8')).toBe('{"seq":2,"ti');
  });

  test('cut anywhere, the whole lines before the cut are read', () => {
    const file = join(directory, 'events.ndjson');
    const events = [1, 2, 3, 4].map((n) => notice(n, `text ${n} — ünïcode`));
    const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    fc.assert(
      fc.property(fc.nat(bytes.length), (cut) => {
        writeFileSync(file, bytes.subarray(0, cut));
        const whole = bytes.subarray(0, cut).toString('latin1').split('\n').length - 1;
        openJournal(file).close();
        expect(readJournal(file)).toEqual({ events: events.slice(0, whole), faults: [] });
      }),
    );
  });

  test('damage never throws and costs only the lines it hits', () => {
    const file = join(directory, 'events.ndjson');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        const good = `${JSON.stringify(notice(1, 'good'))}\n`;
        writeFileSync(file, Buffer.concat([Buffer.from(good), Buffer.from(noise), Buffer.from(`\n${good}`)]));
        const { events } = readJournal(file);
        expect(events[0]).toEqual(notice(1, 'good'));
        expect(events.at(-1)).toEqual(notice(1, 'good'));
      }),
    );
  });
});

describe('event bus', () => {
  test('journals before it delivers, numbers on from the journal, keeps passing events out of the file', () => {
    const file = join(directory, 'events.ndjson');
    const journal = openJournal(file);
    journal.append(notice(7, 'before'));
    journal.close();
    const bus = createEventBus({ journal: openJournal(file), now: () => 5 });
    const seen: [LabEvent, number][] = [];
    bus.subscribe((event) => seen.push([event, readJournal(file).events.length]));
    bus.emit({ type: 'notice', level: 'info', text: 'x' });
    bus.emit({ type: 'console', machine: 'm', offset: 0, length: 3 });
    expect(seen.map(([event, lines]) => [event.seq, event.type, lines])).toEqual([
      [8, 'notice', 2],
      [9, 'console', 2],
    ]);
  });

  test('a journal that cannot be written is said once, and work goes on', () => {
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    const bus = createEventBus({
      journal: {
        lastSeq: 0,
        append() {
          throw full;
        },
        close() {},
      },
    });
    const seen: LabEvent[] = [];
    bus.subscribe((event) => seen.push(event));
    for (const text of ['a', 'b']) bus.emit({ type: 'notice', level: 'info', text });
    const texts = seen.map((event) => (event.type === 'notice' ? event.text : ''));
    expect(texts.filter((text) => text.includes('disk is full'))).toHaveLength(1);
    expect(texts).toEqual(expect.arrayContaining(['a', 'b']));
  });
});

describe('lock', () => {
  test('one holder; the second is told who it is; free again after release', () => {
    const file = join(directory, 'lab.lock');
    const lock = acquireLock(file, { command: 'coreos-lab run' });
    expect(() => acquireLock(file, { command: 'coreos-lab up' })).toThrow(
      expect.objectContaining({ code: 'LAB_BUSY', message: expect.stringContaining(`process ${process.pid}`) }),
    );
    expect(lockHolder(file)?.command).toBe('coreos-lab run');
    lock.release();
    expect(lockHolder(file)).toBeUndefined();
    acquireLock(file, { command: 'x' }).release();
  });

  test.each([
    ['a dead process', { pid: 2 ** 22 - 1, started: '1' }],
    ['a process number that now belongs to another', { pid: process.pid, started: 'another time' }],
    ['rubbish', undefined],
  ])('a lock left by %s is taken over', async (_, holder) => {
    const file = join(directory, 'lab.lock');
    const { hostname } = await import('node:os');
    writeFileSync(file, holder ? JSON.stringify({ ...holder, host: hostname(), command: 'old', since: 0 }) : 'rubbish');
    acquireLock(file, { command: 'new' }).release();
  });
});

describe('other state', () => {
  test('a newer format is refused and left alone', () => {
    checkStateVersion(directory);
    checkStateVersion(directory);
    writeFileSync(join(directory, 'version'), '99\n');
    expect(() => checkStateVersion(directory)).toThrow(expect.objectContaining({ code: 'STATE_TOO_NEW', exitCode: 2 }));
    expect(readFileSync(join(directory, 'version'), 'utf8')).toBe('99\n');
  });

  test('runs: the current one goes on, also when the pointer is lost; a new one begins beside it', async () => {
    const runs = new Runs(join(directory, 'runs'));
    expect(runs.peek()).toBeUndefined();
    const first = await runs.current(new Date(0));
    expect((await runs.current()).id).toBe(first.id);
    const second = await runs.startNew(new Date(0));
    expect(second.id).not.toBe(first.id);
    expect(runs.peek()?.id).toBe(second.id);
    rmSync(join(directory, 'runs', 'current'));
    expect(runs.peek()?.id).toBe(second.id);
  });

  test('timings: the median of the last nine', async () => {
    const file = join(directory, 'timings.json');
    const timings = await Timings.open(file);
    expect(timings.usual('boot')).toBeUndefined();
    for (const value of [1000, 5, 6, 7, 1, 2, 3, 4, 8, 9]) await timings.record('boot', value);
    expect((await Timings.open(file)).usual('boot')).toBe(5);
    writeFileSync(file, '{"boot":"x"}');
    expect((await Timings.open(file)).usual('boot')).toBeUndefined();
  });

  test('atomic files: the old content or the new, and nothing left over on failure', async () => {
    const file = join(directory, 'file.json');
    await writeFileAtomic(file, '{"a":1}');
    const isObject = (value: unknown): value is object => typeof value === 'object';
    expect(await readJson(file, isObject)).toEqual({ a: 1 });
    await expect(writeFileAtomic(join(directory, 'missing', 'x'), '1')).rejects.toThrow();
    expect(await readJson(join(directory, 'none'), isObject)).toBeUndefined();
  });
});
