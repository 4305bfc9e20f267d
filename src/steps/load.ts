import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Lesson, LintFault } from './lesson.js';
import { contentHash, type TrustStore } from './trust.js';

export interface LoadOptions {
  /** Names in lab.yaml, to check `on=` and lab verbs against; undefined = not checked. */
  labMachines?: readonly string[];
  /** Lessons below it are the package's own and trusted. */
  packageDirectory?: string;
  /** Remembers which other lessons are trusted; without it none is. */
  trust?: TrustStore;
}

export interface LoadedLessons {
  /** In the order of their file names, each id once. Those with faults are in too, as far as they can be run. */
  lessons: Lesson[];
  faults: LintFault[];
}

/** More bytes than this are never read. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Files that stand beside lessons and are none. */
const NO_LESSONS = /^(?:readme|contributing|changelog|license)\.md$/i;

/**
 * Reads all lessons (`*.md`, in the order of their names) of some directories or files. Never rejects: what cannot be read
 * is a fault.
 */
export async function loadLessons(directories: readonly string[], options: LoadOptions = {}): Promise<LoadedLessons> {
  const faults: LintFault[] = [];
  const files: string[] = [];
  for (const directory of directories) {
    for (const file of await lessonFiles(directory, faults)) if (!files.includes(file)) files.push(file);
  }
  const root =
    options.packageDirectory === undefined
      ? undefined
      : await realpath(options.packageDirectory).catch(() => undefined);
  // marked and yaml are loaded only when there is something to read.
  const { readLesson } = await import('./parse/read-lesson.js');
  const { checkLessons } = await import('./lint/check-lessons.js');
  const texts = await Promise.all(files.map((file) => readText(file, faults)));
  const reads = [];
  for (const [index, bytes] of texts.entries()) {
    const file = files[index] as string;
    if (bytes === undefined) continue;
    const read = readLesson(bytes.toString('utf8'), file);
    read.lesson.hash = contentHash(bytes);
    read.lesson.trusted = (await isInside(file, root)) || ((await options.trust?.has(read.lesson.hash)) ?? false);
    reads.push(read);
  }
  const checked = checkLessons(reads, options.labMachines === undefined ? {} : { machines: options.labMachines });
  return { lessons: checked.lessons, faults: [...faults, ...checked.faults] };
}

async function lessonFiles(directory: string, faults: LintFault[]): Promise<string[]> {
  try {
    if ((await stat(directory)).isFile()) return [directory];
    const names = (await readdir(directory)).filter((name) => /^[^.].*\.md$/i.test(name) && !NO_LESSONS.test(name));
    return names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map((name) => join(directory, name));
  } catch (error) {
    faults.push(unreadable(directory, error as NodeJS.ErrnoException));
    return [];
  }
}

async function readText(file: string, faults: LintFault[]): Promise<Buffer | undefined> {
  try {
    const handle = await open(file);
    try {
      const info = await handle.stat();
      if (!info.isFile()) throw Object.assign(new Error('it is not a file'), { code: 'ENOTFILE' });
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(info.size, MAX_BYTES)));
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    faults.push(unreadable(file, error as NodeJS.ErrnoException));
    return undefined;
  }
}

function unreadable(file: string, error: NodeJS.ErrnoException): LintFault {
  const missing = error.code === 'ENOENT';
  return {
    file,
    line: 1,
    column: 1,
    severity: 'error',
    rule: 'unreadable',
    message: missing ? 'There is no such file or directory' : `This cannot be read: ${error.message}`,
    suggestion: missing ? 'check the path' : 'check its permissions',
  };
}

async function isInside(file: string, root: string | undefined): Promise<boolean> {
  if (root === undefined) return false;
  const real = await realpath(file).catch(() => undefined);
  return real?.startsWith(root.endsWith(sep) ? root : root + sep) ?? false;
}
