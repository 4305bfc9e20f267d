import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LabEventBody } from './events.js';
import { programMissing } from './exec-missing.js';
import { createExec } from './exec-process.js';
import { quoteCommand, quoteWord } from './exec-quote.js';
import { TailBuffer } from './exec-tail.js';

let directory: string;
let emitted: LabEventBody[];
const exec = createExec({ emit: (body) => emitted.push(body) });
const node = process.execPath;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lab-exec-'));
  emitted = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** True until the process has ended (a zombie that nobody reaps counts as ended). */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i += 1) await sleep(25);
  expect(condition()).toBe(true);
}

describe('run', () => {
  it('returns output and exit code, and passes arguments untouched', async () => {
    const words = ['a b', '$HOME', "it's", '', '*', '\n', 'ü'];
    const script = 'console.log(JSON.stringify(process.argv.slice(1))); console.error("e"); process.exit(3)';
    const result = await exec.run(node, ['-e', script, '--', ...words]);
    expect(JSON.parse(result.stdout)).toEqual(words);
    expect(result).toMatchObject({ exitCode: 3, stderr: 'e\n', timedOut: false });
  });

  it('feeds input, sets the C locale, adds environment and uses cwd', async () => {
    const result = await exec.run('sh', ['-c', 'cat; echo "$LC_ALL $LANG $EXTRA"; pwd'], {
      input: 'hello ',
      env: { EXTRA: 'more' },
      cwd: directory,
    });
    expect(result.stdout).toBe(`hello C C more\n${directory}\n`);
  });

  it('survives a program that does not read its input', async () => {
    const result = await exec.run('true', [], { input: Buffer.alloc(4 * 1024 * 1024) });
    expect(result.exitCode).toBe(0);
  });

  it('streams chunks and keeps only the end of big output', async () => {
    let streamed = 0;
    const result = await exec.run('sh', ['-c', 'head -c 5000000 /dev/zero; printf END'], {
      maxBuffer: 1000,
      onStdout: (chunk) => {
        streamed += chunk.length;
      },
    });
    expect(streamed).toBe(5_000_003);
    expect(result.stdout).toHaveLength(1000);
    expect(result.stdout.endsWith('\0END')).toBe(true);
  });

  it('ends the whole process group on a time-out', async () => {
    const result = await exec.run('sh', ['-c', 'sleep 300 & echo $!; wait'], { timeout: 300 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null });
    await until(() => !alive(Number(result.stdout)));
  });

  it('kills a program that ignores SIGTERM', async () => {
    const result = await exec.run('sh', ['-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done'], { timeout: 200 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null, stdout: 'up\n' });
  });

  it('rejects with the reason of an abort, before and while running', async () => {
    const reason = new Error('stop that');
    await expect(exec.run('true', [], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    let pid = 0;
    const running = exec.run('sh', ['-c', 'echo $$; sleep 300'], {
      signal: controller.signal,
      onStdout: (chunk) => {
        pid = Number(chunk);
        controller.abort(reason);
      },
    });
    await expect(running).rejects.toBe(reason);
    expect(alive(pid)).toBe(false);
  });

  it('rejects with the error of a failing listener', async () => {
    const error = new Error('listener');
    const onStdout = () => {
      throw error;
    };
    await expect(exec.run('sh', ['-c', 'echo a; sleep 300'], { onStdout })).rejects.toBe(error);
  });

  it('shows the command once, quoted, unless quiet', async () => {
    await exec.run('sh', ['-c', 'exit 4'], { machine: 'core-01' });
    await exec.run('true', [], { quiet: true });
    expect(emitted).toEqual([
      { type: 'command', line: "sh -c 'exit 4'", exitCode: 4, machine: 'core-01', duration: expect.any(Number) },
    ]);
  });

  it('names a missing program and how to get it', async () => {
    await expect(exec.run('no-such-program-here', [])).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
      exitCode: 2,
      message: expect.stringContaining('no-such-program-here'),
    });
    expect(programMissing('qemu-img', 'linux').remedy[0]).toBe('sudo apt install qemu-utils');
    expect(programMissing('qemu-img', 'darwin').remedy[0]).toBe('brew install qemu');
  });

  it('blames the directory, not the program, when the directory is missing', async () => {
    await expect(exec.run('true', [], { cwd: join(directory, 'none') })).rejects.toMatchObject({
      code: 'PROGRAM_NOT_STARTED',
      message: expect.stringContaining(join(directory, 'none')),
    });
  });
});

describe('daemon', () => {
  it('runs in a session of its own and writes to the log', async () => {
    const logFile = join(directory, 'log');
    const pid = await exec.daemon('sh', ['-c', 'echo out; echo err >&2; exec sleep 300'], { logFile });
    try {
      await until(() => readFileSync(logFile, 'utf8') === 'out\nerr\n');
      const session = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]);
      expect(session).toBe(pid);
    } finally {
      process.kill(-pid, 'SIGKILL');
    }
  });

  it('rejects when the program is missing', async () => {
    const logFile = join(directory, 'log');
    await expect(exec.daemon('no-such-program-here', [], { logFile })).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
    });
  });
});

describe('interactive', () => {
  it('resolves with the exit code and leaves no SIGINT listener', async () => {
    const before = process.listenerCount('SIGINT');
    expect(await exec.interactive('sh', ['-c', 'exit 7'])).toBe(7);
    expect(await exec.interactive('sh', ['-c', 'kill -TERM $$'])).toBe(143);
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});

describe('which', () => {
  it('finds programs on PATH only when they can be executed', async () => {
    expect(await exec.which('sh')).toMatch(/\/sh$/);
    expect(await exec.which('no-such-program-here')).toBeUndefined();
    expect(await exec.which(directory)).toBeUndefined();
  });
});

describe('quoting', () => {
  it('is undone by a real shell for any words', async () => {
    // One property, few runs: each spawns a shell.
    const word = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 20 }), async (words) => {
        const line = quoteCommand('printf', ['%s\\0', ...words]);
        const result = await exec.run('bash', ['-c', line]);
        expect(result.stdout).toBe(words.map((text) => `${text}\0`).join(''));
      }),
      { numRuns: 25 },
    );
  });

  it('is readable and never passes control characters on', () => {
    expect(quoteCommand('qemu-img', ['create', '-o', 'a=b,c', "it's"], { cwd: '/a b', env: { X: '1 2' } })).toBe(
      `cd '/a b' && X='1 2' qemu-img create -o a=b,c 'it'\\''s'`,
    );
    expect(quoteWord('\u001b[2J')).toBe(`$'\\x1b[2J'`);
    expect(quoteWord('')).toBe(`''`);
  });
});

describe('TailBuffer', () => {
  it('keeps exactly the end for any chunking', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme-ascii' })), fc.integer({ min: 1, max: 50 }), (texts, limit) => {
        const tail = new TailBuffer(limit);
        for (const text of texts) tail.push(Buffer.from(text));
        expect(tail.toString()).toBe(texts.join('').slice(-limit));
      }),
    );
  });

  it('drops a character that was cut in half', () => {
    const tail = new TailBuffer(4);
    tail.push(Buffer.from('aäöü'.slice(1)));
    tail.push(Buffer.from('x'));
    expect(tail.toString()).toBe('üx');
  });
});
