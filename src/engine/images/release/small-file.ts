import { readFile, stat } from 'node:fs/promises';
import { LabError } from '../../errors.js';
import { type HttpOptions, isUrl, refused, withResponse, withTries } from '../http.js';

/** Keys and lists of digests have some kilobytes. */
const LARGEST = 1024 * 1024;

/**
 * The text of a small file at a URL or path; undefined when there is none. Nothing is known of what it says until it was verified. Rejects with
 * LabError DOWNLOAD_FAILED, SOURCE_MISSING or RELEASE_UNREADABLE.
 */
export async function readSmallFile(source: string, options: HttpOptions = {}): Promise<string | undefined> {
  if (!isUrl(source)) return readLocal(source);
  return withTries(source, options.signal, () =>
    withResponse(source, {}, options, async (response, onBytes) => {
      if (response.status === 404 || response.status === 410) return undefined;
      if (!response.ok || response.body === null) throw refused(source, response);
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of response.body) {
        onBytes();
        bytes += chunk.length;
        if (bytes > LARGEST) throw tooLarge(source);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    }),
  );
}

async function readLocal(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > LARGEST) throw tooLarge(path);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof LabError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new LabError({
      code: 'SOURCE_MISSING',
      message: `The file ${path} cannot be read (${code}).`,
      remedy: ['Make it readable.'],
      exitCode: 2,
    });
  }
}

function tooLarge(source: string): LabError {
  return new LabError({
    code: 'RELEASE_UNREADABLE',
    message: `${source} is no file of a release: it is larger than any such file.`,
    remedy: ['Look at it, or take the release from elsewhere.'],
  });
}
