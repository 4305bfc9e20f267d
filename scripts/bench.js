// npm run bench [name…]: builds the program and the benchmarks, runs them, prints the figures and stores them in docs/performance.json.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bundle } from './bundle.js';

execFileSync(process.execPath, ['scripts/build.js'], { stdio: 'inherit' });
const directory = await mkdtemp(resolve('node_modules/.bench-'));
try {
  await bundle({ bench: 'test/bench/main.ts', screen: 'test/bench/flood-screen.ts' }, directory);
  execFileSync(process.execPath, [join(directory, 'bench.js'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, NODE_ENV: 'production' },
  });
} finally {
  await rm(directory, { recursive: true, force: true });
}
