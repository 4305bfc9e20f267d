import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { LabError } from '../../errors.js';
import type { HttpOptions } from '../http.js';
import type { ImageDefinition, ReleaseSource } from '../image-definition.js';
import { sha512In } from './digests.js';
import { type KeyFile, obtainKey } from './key-file.js';
import type { ReleasePlace } from './release-place.js';
import { distrusted, keyWithFingerprint, readSigned, type SigningKey } from './signed-text.js';
import { readSmallFile } from './small-file.js';
import { releaseMissing } from './versions.js';

/** Says what a release's files must be, by the keys that its definition names. */
export class Trust {
  constructor(
    private readonly definition: ImageDefinition,
    private readonly release: ReleaseSource,
    private readonly place: ReleasePlace,
    private readonly cacheDirectory: string,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** The SHA-512 of a published file, out of its signed list of digests. Rejects with LabError SIGNATURE_WRONG or KEY_EXPIRED, among others. */
  async sha512(published: string, name: string, options: HttpOptions): Promise<string> {
    const source = `${published}.DIGESTS.asc`;
    const message = await readSmallFile(source, options);
    if (message === undefined) throw releaseMissing(this.definition.title, source);
    const text = await this.signedText(source, message, options);
    const hex = sha512In(text, name);
    if (hex !== undefined) return hex;
    throw new LabError({
      code: 'SIGNATURE_WRONG',
      message: `${source} is signed, but says no SHA-512 of ${name}: it is the list of another file. Nothing of it was used.`,
      remedy: ['Put the mirror right, or take the release from elsewhere.'],
    });
  }

  /** The key that update-engine checks payloads by. */
  async updateKey(options: HttpOptions): Promise<KeyObject> {
    const { file, url, sha256 } = this.release.updateKey;
    const keyFile: KeyFile<KeyObject> = {
      title: 'an update',
      fingerprint: sha256,
      sources: this.place.key({ file, url }),
      read: async (text) => publicKey(text, sha256),
    };
    return obtainKey(keyFile, this.cacheDirectory, options);
  }

  private async signedText(source: string, message: string, options: HttpOptions): Promise<string> {
    const first = await readSigned(message, await this.imageKey(options), this.now());
    if ('text' in first) return first.text;
    // The key in the cache may be last year's. If there is no newer one, the first reason is what there is to say.
    const fresh = await this.imageKey({ ...options, fresh: true }).catch(() => undefined);
    options.signal?.throwIfAborted();
    const second = fresh === undefined ? first : await readSigned(message, fresh, this.now());
    if ('text' in second) return second.text;
    throw distrusted(source, second.distrust, second.detail);
  }

  private imageKey(options: HttpOptions & { fresh?: boolean }): Promise<SigningKey> {
    const { file, url, fingerprint } = this.release.imageKey;
    const keyFile: KeyFile<SigningKey> = {
      title: this.definition.title,
      fingerprint,
      sources: this.place.key({ file, url }),
      read: (text) => keyWithFingerprint(text, fingerprint),
    };
    return obtainKey(keyFile, this.cacheDirectory, options);
  }
}

function publicKey(pem: string, sha256: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    const der = key.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(der).digest('hex') === sha256 ? key : undefined;
  } catch {
    return undefined;
  }
}
