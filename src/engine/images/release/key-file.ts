import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../errors.js';
import { writeFileAtomic } from '../../state/atomic-file.js';
import type { HttpOptions } from '../http.js';
import { readSmallFile } from './small-file.js';

/** A file with a key, accepted for its fingerprint and not for where it came from. */
export interface KeyFile<T> {
  /** What is signed by it, in a sentence. */
  title: string;
  fingerprint: string;
  sources: readonly string[];
  /** The key if the file has the right one. */
  read(text: string): Promise<T | undefined>;
}

/**
 * Keeps a key in the cache, so that it need not be fetched each time. `fresh` fetches it again: its owner may have added a subkey. Rejects with
 * LabError KEY_WRONG, or DOWNLOAD_FAILED.
 */
export async function obtainKey<T>(
  file: KeyFile<T>,
  cacheDirectory: string,
  { fresh = false, ...options }: HttpOptions & { fresh?: boolean },
): Promise<T> {
  const kept = join(cacheDirectory, 'keys', `${file.fingerprint}.key`);
  if (!fresh) {
    const text = await readFile(kept, 'utf8').catch(() => undefined);
    const key = text === undefined ? undefined : await file.read(text);
    if (key !== undefined) return key;
  }
  let wrong: string | undefined;
  for (const source of file.sources) {
    const text = await readSmallFile(source, options);
    const key = text === undefined ? undefined : await file.read(text);
    if (key !== undefined && text !== undefined) {
      await mkdir(join(cacheDirectory, 'keys'), { recursive: true });
      await writeFileAtomic(kept, text);
      return key;
    }
    wrong = text === undefined ? wrong : source;
  }
  throw new LabError({
    code: 'KEY_WRONG',
    message:
      wrong === undefined
        ? `The key for ${file.title} is not at ${file.sources.join(' nor at ')}.`
        : `${wrong} does not have the key that ${file.title} must be signed by: its fingerprint is ${file.fingerprint.toUpperCase()}.`,
    remedy: ['Nothing can be verified without it: put the right key file there, or take the release from elsewhere.'],
  });
}
