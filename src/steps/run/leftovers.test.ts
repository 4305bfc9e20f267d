import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endLeftovers, MARK } from './leftovers.js';

let directory: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coreos-lab-'));
});

afterEach(async () => {
  for (const { pid } of children.splice(0)) {
    try {
      process.kill(-(pid as number), 'SIGKILL');
    } catch {
      // It was ended by the test.
    }
  }
  await rm(directory, { recursive: true, force: true });
});

async function script(source: string, mark: string): Promise<ChildProcess> {
  const file = join(directory, `${children.length}.sh`);
  await writeFile(file, source);
  const child = spawn('bash', ['-euo', 'pipefail', file], {
    detached: true,
    env: { ...process.env, [MARK]: mark },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

test.runIf(process.platform === 'linux')(
  'only the scripts that were left over are ended, with what they started',
  async () => {
    const mine = await script('sleep 601 & echo up; wait', '/runs/1/ä.log');
    const stubborn = await script('trap "" TERM; echo up; while :; do sleep 0.1; done', '/runs/1/ä.log');
    const other = await script('echo up; sleep 602', '/runs/2/a.log');
    const ended = Promise.all([once(mine, 'exit'), once(stubborn, 'exit')]);
    expect(await endLeftovers(['/runs/1/ä.log'])).toBe(2);
    await ended;
    expect(other.exitCode).toBeNull();
    expect(() => process.kill(-(mine.pid as number), 0)).toThrow();
  },
);

test('nothing to look for is nothing to do', async () => {
  expect(await endLeftovers([])).toBe(0);
  expect(await endLeftovers(['/nobody/has/this.log'])).toBe(0);
});
