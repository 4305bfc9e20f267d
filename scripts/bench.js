// npm run bench [name…]: builds the program and the benchmarks, runs them, prints the figures and stores them in docs/performance.json.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

execFileSync(process.execPath, ['scripts/build.js'], { stdio: 'inherit' });
const directory = await mkdtemp(resolve('node_modules/.bench-'));
try {
  await build({
    entryPoints: ['test/bench/main.ts'],
    outfile: join(directory, 'bench.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.12',
    packages: 'external',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning',
  });
  execFileSync(process.execPath, ['--expose-gc', join(directory, 'bench.js'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, NODE_ENV: 'production' },
  });
} finally {
  await rm(directory, { recursive: true, force: true });
}
