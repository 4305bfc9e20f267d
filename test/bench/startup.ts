import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Sandbox } from '../e2e/sandbox.js';
import { type Benchmark, type Figure, median, times } from './figures.js';

const bin = resolve('bin/coreos-lab.js');

/** Milliseconds from exec to the first frame that shows the lessons, in a pseudo-terminal made by script(1). */
function firstFrame(env: NodeJS.ProcessEnv, cwd: string): Promise<number> {
  const started = performance.now();
  const command = `stty cols 120 rows 36; exec '${process.execPath}' '${bin}'`;
  const child = spawn('script', ['-qfec', command, '/dev/null'], { env, cwd, stdio: ['pipe', 'pipe', 'ignore'] });
  return new Promise((done, reject) => {
    let seen = '';
    const give = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`no first frame within 20 s: ${seen.slice(-500)}`));
    }, 20_000);
    child.stdout.on('data', (chunk) => {
      seen += chunk;
      if (!seen.includes('Up the sandbox')) return;
      const taken = performance.now() - started;
      seen = '';
      clearTimeout(give);
      child.stdin.write('q');
      const kill = setTimeout(() => child.kill('SIGKILL'), 2000);
      child.once('close', () => {
        clearTimeout(kill);
        done(taken);
      });
    });
  });
}

/** Milliseconds of one whole command. */
export function wholeCommand(args: string[], env: NodeJS.ProcessEnv, cwd: string): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, [bin, ...args], { env, cwd, stdio: 'ignore' });
  return new Promise((done) => child.once('close', () => done(performance.now() - started)));
}

export const startup: Benchmark = {
  name: 'startup',
  async run() {
    const sandbox = await Sandbox.create();
    const env = { ...sandbox.env, NODE_COMPILE_CACHE: join(sandbox.directory, 'compile-cache') };
    const figures: Figure[] = [];
    try {
      const cold = await times(3, async () => {
        await rm(env.NODE_COMPILE_CACHE, { recursive: true, force: true });
        await writeFile('/proc/sys/vm/drop_caches', '3').catch(() => undefined);
        return firstFrame(env, sandbox.directory);
      });
      figures.push({
        name: 'first frame, cold',
        value: median(cold),
        unit: 'ms',
        note: 'no compile cache, page cache dropped; median of 3',
      });
      await firstFrame(env, sandbox.directory);
      const warm = await times(9, () => firstFrame(env, sandbox.directory));
      figures.push({
        name: 'first frame, warm',
        value: median(warm),
        unit: 'ms',
        aim: '< 250 ms',
        note: 'median of 9',
      });
      const bare = await times(5, () => {
        const started = performance.now();
        const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
        return new Promise<number>((done) => child.once('close', () => done(performance.now() - started)));
      });
      figures.push({
        name: 'node itself (node -e 0)',
        value: median(bare),
        unit: 'ms',
        note: 'what no program on Node gets below',
      });
      figures.push({
        name: 'coreos-lab --version',
        value: median(await times(5, () => wholeCommand(['--version'], env, sandbox.directory))),
        unit: 'ms',
      });
      figures.push({
        name: 'coreos-lab status, nothing created',
        value: median(await times(5, () => wholeCommand(['status'], env, sandbox.directory))),
        unit: 'ms',
      });
    } finally {
      await sandbox.dispose();
    }
    return figures;
  },
};
