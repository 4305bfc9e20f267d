import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Benchmark, Figure } from './figures.js';

/** What flood-screen.ts prints; times in milliseconds, CPU in percent of one core, memory in MB. */
export interface FloodMeasurement {
  keys: number;
  p50: number;
  p99: number;
  cpu: number;
  memory: number;
}

/** What bin/coreos-lab.js sets. */
const FLAGS = ['--heap-growing-percent=30'];
const SECONDS = process.env.FLOOD_SECONDS ?? '60';

async function measure(how: 'calm' | 'flood'): Promise<FloodMeasurement> {
  const screen = fileURLToPath(new URL('./screen.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, screen, how, SECONDS]);
  return JSON.parse(stdout) as FloodMeasurement;
}

/** Keys while four consoles print 5,000 lines a second each, watched, recorded and interpreted as always. */
export const flood: Benchmark = {
  name: 'flood',
  async run() {
    const calm = await measure('calm');
    const busy = await measure('flood');
    const figures: Figure[] = [
      { name: 'key to frame, calm, p50', value: calm.p50, unit: 'ms', note: `${calm.keys} keys` },
      { name: 'key to frame, calm, p99', value: calm.p99, unit: 'ms' },
      { name: 'CPU share of one core, calm', value: calm.cpu, unit: '%' },
      { name: 'resident memory, calm', value: calm.memory, unit: 'MB', note: `after ${SECONDS} s` },
      { name: 'key to frame under flood, p50', value: busy.p50, unit: 'ms', note: `${busy.keys} keys` },
      { name: 'key to frame under flood, p99', value: busy.p99, unit: 'ms', aim: '< 50 ms' },
      {
        name: 'CPU share of one core under flood',
        value: busy.cpu,
        unit: '%',
        aim: '< 25 %',
        note: 'watching, recording, interpreting, drawing',
      },
      {
        name: 'resident memory under flood',
        value: busy.memory,
        unit: 'MB',
        aim: '< 150 MB',
        note: `after ${SECONDS} s`,
      },
    ];
    return figures;
  },
};
