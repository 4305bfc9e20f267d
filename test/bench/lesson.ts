import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { defaultLabConfig } from '../../src/engine/config/defaults.js';
import { labVariables } from '../../src/engine/ignition/machine-files.js';
import { uplinkMac } from '../../src/engine/ignition/uplink-mac.js';
import { loadLessons } from '../../src/steps/load.js';
import { batsFile } from '../../src/steps/run/execute-bats.js';
import { run, Sandbox } from '../e2e/sandbox.js';
import { type Benchmark, type Figure, median, times } from './figures.js';
import { wholeCommand } from './startup.js';

const ROUNDS = 5;

/** Lesson 1 against the same boot, blocks and checks driven by a bare shell script, in turn: A B A B. */
export const lesson: Benchmark = {
  name: 'lesson',
  async run() {
    const sandbox = await Sandbox.create();
    const figures: Figure[] = [];
    try {
      const ours: number[] = [];
      const bare: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await ourLesson(sandbox));
        bare.push(await bareLesson(sandbox));
      }
      // An emulated machine's own time varies by more than what is looked for, and only upwards: the fastest of each tells most.
      const overhead = Math.min(...ours) / Math.min(...bare) - 1;
      figures.push({ name: 'lesson 1, coreos-lab run', value: Math.min(...ours) / 1000, unit: 's', note: all(ours) });
      figures.push({
        name: 'lesson 1, bare shell script',
        value: Math.min(...bare) / 1000,
        unit: 's',
        note: all(bare),
      });
      figures.push({ name: 'overhead of the lab', value: overhead * 100, unit: '%', aim: '< 5 %' });

      await sandbox.lab(['up', 'core-provisioner']);
      const status = await times(7, () => wholeCommand(['status'], sandbox.env, sandbox.directory));
      figures.push({
        name: 'status of four machines, one running',
        value: median(status),
        unit: 'ms',
        note: 'whole command; median of 7',
      });
    } finally {
      await sandbox.dispose();
    }
    return figures;
  },
};

function all(milliseconds: readonly number[]): string {
  return `fastest of ${milliseconds.map((each) => (each / 1000).toFixed(1)).join(', ')}, in turn`;
}

async function ourLesson(sandbox: Sandbox): Promise<number> {
  await sandbox.lab(['destroy', '--yes']);
  const started = performance.now();
  const result = await sandbox.lab(['run', 'sandbox'], { timeout: 900_000 });
  if (result.code !== 0) throw new Error(`lesson 1 failed: ${result.stdout.slice(-2000)} ${result.stderr}`);
  return performance.now() - started;
}

async function bareLesson(sandbox: Sandbox): Promise<number> {
  const lab = join(sandbox.directory, 'state/coreos-lab/labs/default');
  const base = await backingFile(join(lab, 'machines/core-provisioner/disk.qcow2'));
  const { machines } = defaultLabConfig();
  const provisioner = machines.find(({ role }) => role === 'provisioner');
  if (provisioner === undefined) throw new Error('no provisioner in the default lab');
  const directory = await mkdtemp(join(tmpdir(), 'bare-'));
  try {
    await writeBlocks(directory);
    const started = performance.now();
    execFileSync('sh', [resolve('test/bench/bare-lesson.sh'), directory, base, lab], {
      stdio: ['ignore', 'ignore', 'inherit'],
      // The first network card's address is how the guest knows which one is the uplink.
      env: { ...process.env, BARE_UPLINK_MAC: uplinkMac(provisioner) },
      timeout: 900_000,
    });
    return performance.now() - started;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The image that the lab's own disk lies on, so that both boot the same one. */
async function backingFile(disk: string): Promise<string> {
  const { stdout } = await run('qemu-img', ['info', '--force-share', '--output=json', disk]);
  return (JSON.parse(stdout) as { 'backing-filename': string })['backing-filename'];
}

/** What the lesson runs on the machine, as files for the bare script, in order. */
async function writeBlocks(directory: string): Promise<void> {
  const { lessons } = await loadLessons(['lessons']);
  const actions = lessons.find(({ id }) => id === 'sandbox')?.steps.flatMap((step) => step.actions) ?? [];
  const exports = Object.entries(labVariables(defaultLabConfig())).map(
    ([name, value]) => `export ${name}='${value}'\n`,
  );
  let number = 10;
  for (const action of actions) {
    const sync = action.executor === 'lab' && action.source.startsWith('sync');
    if (action.executor === 'lab' && !sync) continue;
    const text = action.executor === 'bats' ? batsFile(action) : action.source;
    const kind = sync ? 'sync' : action.executor;
    await writeFile(join(directory, `${number++}.${kind}`), sync ? '' : exports.join('') + text);
  }
}
