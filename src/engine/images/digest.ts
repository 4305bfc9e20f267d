import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** What a file must be: a hash of its bytes, in small letters. */
export interface Digest {
  algorithm: 'sha256' | 'sha512';
  hex: string;
}

/** `SHA-512`, as people write it. */
export function digestName(algorithm: Digest['algorithm']): string {
  return algorithm.toUpperCase().replace('SHA', 'SHA-');
}

export async function digestOf(
  algorithm: Digest['algorithm'],
  file: string,
  signal?: AbortSignal | undefined,
): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash, { ...(signal && { signal }) });
  return hash.digest('hex');
}
