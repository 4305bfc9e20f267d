import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LabError } from '../engine/errors.js';
import { writeFileAtomic } from '../engine/state/atomic-file.js';

/** Which lesson files from outside the package may run on the host: by content, so that a change asks again. */
export interface TrustStore {
  /** `hash` is the sha256 of the file's bytes, hex. */
  has(hash: string): Promise<boolean>;
  /** Remembers it; `file` is noted for people who read the store. Rejects with LabError TRUST_NOT_SAVED. */
  add(hash: string, file: string): Promise<void>;
}

interface TrustFile {
  version: 1;
  lessons: Record<string, { file: string; time: string }>;
}

export function contentHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Keeps trust in `<stateDirectory>/trusted-lessons.json`, which only its owner may read or write. */
export function openTrustStore(stateDirectory: string): TrustStore {
  const file = join(stateDirectory, 'trusted-lessons.json');
  let writing: Promise<unknown> = Promise.resolve();
  const add = async (hash: string, lesson: string) => {
    const content = await read(file);
    content.lessons[hash] = { file: lesson, time: new Date().toISOString() };
    await write(file, `${JSON.stringify(content, null, 2)}\n`);
  };
  return {
    has: async (hash) => Object.hasOwn((await read(file)).lessons, hash),
    add: (hash, lesson) => {
      const done = writing.then(() => add(hash, lesson));
      writing = done.catch(() => {});
      return done;
    },
  };
}

/** A file that is missing, damaged or somebody else's to write means that nothing is trusted. */
async function read(file: string): Promise<TrustFile> {
  const empty: TrustFile = { version: 1, lessons: {} };
  try {
    const handle = await open(file);
    try {
      const { mode, uid } = await handle.stat();
      const mine = process.getuid === undefined || uid === process.getuid();
      if (!mine || (process.platform !== 'win32' && (mode & 0o022) !== 0)) return empty;
      const content = JSON.parse(await handle.readFile('utf8')) as TrustFile;
      const usable = content?.version === 1 && typeof content.lessons === 'object' && content.lessons !== null;
      return usable ? { version: 1, lessons: { ...content.lessons } } : empty;
    } finally {
      await handle.close();
    }
  } catch {
    return empty;
  }
}

async function write(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFileAtomic(file, text);
  } catch (cause) {
    throw new LabError({
      code: 'TRUST_NOT_SAVED',
      message: `Your trust in the lesson could not be written to ${file}: ${(cause as Error).message}`,
      remedy: [`Make sure that ${dirname(file)} can be written to and has space.`],
      cause,
    });
  }
}
