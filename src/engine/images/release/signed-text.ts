import type { KeyID, PublicKey } from 'openpgp';
import { LabError } from '../../errors.js';

/** A key of which more than its name is known: its primary key has the fingerprint that was asked for. */
export interface SigningKey {
  key: PublicKey;
  fingerprint: string;
}

/** Why a text was not taken. With another copy of the key file it may be: subkeys come every year. */
export type Distrust = 'unknown-key' | 'key-expired' | 'key-revoked' | 'wrong';

/** Finds the key with this fingerprint in a key file; undefined when it is not in there or the file is none. */
export async function keyWithFingerprint(armored: string, fingerprint: string): Promise<SigningKey | undefined> {
  const { readKeys } = await import('openpgp');
  try {
    const keys = await readKeys({ armoredKeys: armored });
    const key = keys.find((each) => each.getFingerprint() === fingerprint);
    return key === undefined ? undefined : { key: key.toPublic(), fingerprint };
  } catch {
    return undefined;
  }
}

/**
 * The text within a clear-signed message, if one of its signatures is by that key, and the key is good today: a key that has expired or was
 * revoked since vouches for nothing any more. Otherwise why not.
 */
export async function readSigned(
  message: string,
  { key }: SigningKey,
  now: Date,
): Promise<{ text: string } | { distrust: Distrust; detail: string }> {
  const { readCleartextMessage, verify } = await import('openpgp');
  const read = await readCleartextMessage({ cleartextMessage: message }).catch((error: Error) => error);
  if (read instanceof Error) return { distrust: 'wrong', detail: `it is no signed text (${read.message})` };
  const { signatures } = await verify({ message: read, verificationKeys: key, date: now });
  let worst: { distrust: Distrust; detail: string } = { distrust: 'wrong', detail: 'it has no signature' };
  for (const { keyID, verified } of signatures) {
    const id = keyID.toHex().toUpperCase();
    if (key.getKeys(keyID).length === 0) {
      worst = { distrust: 'unknown-key', detail: `it is signed by the key ${id}, which the key file does not have` };
      continue;
    }
    try {
      await verified;
      await requireGoodToday(key, keyID, now);
      return { text: read.getText() };
    } catch (error) {
      worst = distrustOf(error, id);
    }
  }
  return worst;
}

/** The library looks at the key as it was when the signature was made. Whoever has an old key can write any date into a signature. */
async function requireGoodToday(key: PublicKey, keyID: KeyID, now: Date): Promise<void> {
  await key.getSigningKey(keyID, now);
}

function distrustOf(error: unknown, id: string): { distrust: Distrust; detail: string } {
  const reason = error instanceof Error ? error.message : String(error);
  if (/expired/i.test(reason)) return { distrust: 'key-expired', detail: `the key ${id} has expired` };
  if (/revoked/i.test(reason)) return { distrust: 'key-revoked', detail: `the key ${id} was revoked` };
  return { distrust: 'wrong', detail: `the signature by the key ${id} is not right (${reason})` };
}

/** What to tell of a text that was not taken. */
export function distrusted(source: string, distrust: Distrust, detail: string): LabError {
  const base = { message: `${source} cannot be trusted: ${detail}. Nothing of it was used.` };
  const elsewhere = 'Take the release from elsewhere, or look at who changed the mirror.';
  if (distrust === 'key-expired') {
    return new LabError({
      ...base,
      code: 'KEY_EXPIRED',
      remedy: [
        'Look at the clock of this computer: date',
        'Take a newer version, which a newer key has signed: image.version in lab.yaml. Old versions are not signed anew.',
      ],
    });
  }
  return new LabError({ ...base, code: 'SIGNATURE_WRONG', remedy: [elsewhere] });
}
