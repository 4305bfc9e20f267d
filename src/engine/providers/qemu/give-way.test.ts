import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { giveWay } from './give-way.js';

/** Nice value of each thread: the 19th field of stat, counted after the name, which may hold spaces. */
async function niceOfThreads(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = await Promise.all(threads.map((id) => readFile(`/proc/${pid}/task/${id}/stat`, 'utf8')));
  return stats.map((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]));
}

test.skipIf(process.platform !== 'linux')('every thread of the process goes behind others', async () => {
  // Node has several threads from the start on.
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)']);
  try {
    await new Promise((started) => child.stdout.once('data', started));
    expect((await niceOfThreads(child.pid as number)).length).toBeGreaterThan(1);
    await giveWay(child.pid as number);
    expect(new Set(await niceOfThreads(child.pid as number))).toEqual(new Set([10]));
  } finally {
    child.kill('SIGKILL');
  }
});

test('a process that is gone is no fault', async () => {
  await expect(giveWay(2 ** 22 + 1)).resolves.toBeUndefined();
});
