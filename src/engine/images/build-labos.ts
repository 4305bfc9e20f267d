import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import stripAnsi from 'strip-ansi';
import { LabError } from '../errors.js';
import type { EventSink } from '../events.js';
import type { Exec } from '../exec.js';
import { Progress } from './progress.js';

/** Shares of the steps in the time of a build, measured on two cores; see docs/performance.md. */
const SHARES: Record<string, number> = { packages: 66, system: 10, initrd: 6, usr: 8, disk: 5, manifest: 5 };

interface BuildStep {
  step: string;
  label: string;
  percent: number;
}

export interface BuildOptions {
  exec: Exec;
  events: EventSink;
  /** provision/labos */
  recipe: string;
  version: string;
  /** Where the image goes; made as a whole or not at all. */
  target: string;
  cacheDirectory: string;
  signal?: AbortSignal | undefined;
}

/** Runs provision/labos/build. Rejects with LabError IMAGE_HOST (exit code 2), DISK_FULL or IMAGE_BUILD; the log is kept. */
export async function buildLabos(options: BuildOptions): Promise<void> {
  const { exec, events, recipe, version, target, cacheDirectory, signal } = options;
  const logFile = join(cacheDirectory, 'image-build.log');
  await mkdir(dirname(target), { recursive: true });
  const log = createWriteStream(logFile);
  const progress = new Progress(events, 'image-build', 'percent', 100);
  const name = `Build the Lab OS ${version}`;
  progress.update(name, 0, true);
  const readStep = lineReader((line) => {
    const step = parseStep(line);
    if (step !== undefined) progress.update(`${name}: ${step.label}`, overall(step));
  });
  try {
    const args = ['--out', target, '--cache', join(cacheDirectory, 'labos-build'), '--version', version];
    const result = await exec.run(join(recipe, 'build'), args, {
      onStdout: readStep,
      onStderr: (chunk) => log.write(chunk),
      ...(signal && { signal }),
    });
    if (result.exitCode !== 0) throw failure(result.exitCode, result.stderr, logFile);
    progress.finish(name, 100);
  } catch (error) {
    // A build that was ended removes its own work folder; a killed one cannot.
    await rm(`${target}.old`, { recursive: true, force: true });
    throw error;
  } finally {
    log.end();
  }
}

function lineReader(take: (line: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  };
}

function parseStep(line: string): BuildStep | undefined {
  try {
    const value = JSON.parse(line) as Partial<BuildStep>;
    return typeof value.step === 'string' && typeof value.percent === 'number' ? (value as BuildStep) : undefined;
  } catch {
    return undefined;
  }
}

function overall({ step, percent }: BuildStep): number {
  let before = 0;
  for (const [name, share] of Object.entries(SHARES)) {
    if (name === step) return Math.round(before + (share * percent) / 100);
    before += share;
  }
  return before;
}

function failure(exitCode: number | null, stderr: string, logFile: string): LabError {
  const lines = stripAnsi(stderr)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
  if (exitCode === 2) {
    const [message = 'This computer cannot build the Lab OS.', ...remedy] = lines.slice(-4);
    return new LabError({
      code: 'IMAGE_HOST',
      message,
      remedy: [...remedy, 'coreos-lab setup installs what is missing, on Debian and Ubuntu.'],
      exitCode: 2,
    });
  }
  if (/No space left on device|free disk space/.test(stderr)) {
    return new LabError({
      code: 'DISK_FULL',
      message: 'The disk was full before the Lab OS was built; what was half made is removed.',
      remedy: ['Make 4 GB of room, or set XDG_CACHE_HOME to a directory on another disk, and run the command again.'],
      evidence: lines.slice(-5),
    });
  }
  return new LabError({
    code: 'IMAGE_BUILD',
    message: `The Lab OS could not be built (exit code ${exitCode ?? 'none: it was ended by a signal'}).`,
    remedy: [
      `Read the log: ${logFile}`,
      'Packages come from your Debian mirror: is the network there? Then run the command again; what was fetched is kept.',
    ],
    evidence: lines.slice(-12),
  });
}
