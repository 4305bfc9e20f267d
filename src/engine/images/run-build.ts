import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import stripAnsi from 'strip-ansi';
import { LabError } from '../errors.js';
import type { EventSink } from '../events.js';
import type { Exec } from '../exec.js';
import { Progress } from './progress.js';

/** Something that a script `build` makes on this computer: `--hash` says its cache key, `--out DIR --cache DIR` makes it, step by step. */
export interface Recipe {
  /** Folder with `build` in it. */
  directory: string;
  /** Other folders that the build takes sources from. */
  sources: string[];
  /** What is made, within a sentence: "the Lab OS". */
  title: string;
  /** Names its progress and its log. */
  id: string;
  /** Where its script keeps what it fetched, within the cache. */
  workFolder: string;
  /** Shares of the steps in the time of a build, in percent. */
  shares: Record<string, number>;
  /** Free disk space that a build takes. */
  room: string;
  /** What `build` is told besides, of a version; belongs to the cache key. */
  options?(version: string): string[];
}

interface BuildStep {
  step: string;
  label: string;
  percent: number;
}

export interface BuildOptions {
  exec: Exec;
  events: EventSink;
  recipe: Recipe;
  version: string;
  /** Where it goes; made as a whole or not at all. */
  target: string;
  cacheDirectory: string;
  signal?: AbortSignal | undefined;
}

/** Runs a recipe's build. Rejects with LabError IMAGE_HOST (exit code 2), DISK_FULL or IMAGE_BUILD; the log is kept. */
export async function runBuild(options: BuildOptions): Promise<void> {
  const { exec, events, recipe, version, target, cacheDirectory, signal } = options;
  const logFile = join(cacheDirectory, `${recipe.id}-build.log`);
  await mkdir(dirname(target), { recursive: true });
  const log = createWriteStream(logFile);
  const progress = new Progress(events, `${recipe.id}-build`, 'percent', 100);
  const name = `Build ${recipe.title} ${version}`;
  progress.update(name, 0, true);
  const readStep = lineReader((line) => {
    const step = parseStep(line);
    if (step !== undefined) progress.update(`${name}: ${step.label}`, overall(recipe.shares, step));
  });
  try {
    const places = ['--out', target, '--cache', join(cacheDirectory, recipe.workFolder)];
    const args = [...places, '--version', version, ...(recipe.options?.(version) ?? [])];
    const result = await exec.run(join(recipe.directory, 'build'), args, {
      onStdout: readStep,
      onStderr: (chunk) => log.write(chunk),
      ...(signal && { signal }),
    });
    if (result.exitCode !== 0) throw failure(recipe, result.exitCode, result.stderr, logFile);
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

function overall(shares: Record<string, number>, { step, percent }: BuildStep): number {
  let before = 0;
  for (const [name, share] of Object.entries(shares)) {
    if (name === step) return Math.round(before + (share * percent) / 100);
    before += share;
  }
  return before;
}

function failure(recipe: Recipe, exitCode: number | null, stderr: string, logFile: string): LabError {
  const lines = stripAnsi(stderr)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
  if (exitCode === 2) {
    const [message = `This computer cannot build ${recipe.title}.`, ...remedy] = lines.slice(-4);
    return new LabError({
      code: 'IMAGE_HOST',
      message,
      remedy: [
        ...remedy,
        ...(/apt-get install/.test(remedy.join()) ? ['coreos-lab setup does that, on Debian and Ubuntu.'] : []),
      ],
      exitCode: 2,
    });
  }
  if (/No space left on device|free disk space/.test(stderr)) {
    return new LabError({
      code: 'DISK_FULL',
      message: `The disk was full before ${recipe.title} was built; what was half made is removed.`,
      remedy: [
        `Make ${recipe.room} of room, or set XDG_CACHE_HOME to a directory on another disk, and run the command again.`,
      ],
      evidence: lines.slice(-5),
    });
  }
  return new LabError({
    code: 'IMAGE_BUILD',
    message: `${capital(recipe.title)} could not be built (exit code ${exitCode ?? 'none: it was ended by a signal'}).`,
    remedy: [
      `Read the log: ${logFile}`,
      'What it is made of comes over the network, packages from your Debian mirror: is it there? Then run the command again; what was fetched is kept.',
    ],
    evidence: lines.slice(-12),
  });
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
