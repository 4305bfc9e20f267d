import { LabError } from '../errors.js';

/** A SHA-256 that somebody typed, in small letters. Throws LabError CHECKSUM_FORMAT (exit code 2). */
export function requireChecksum(sha256: string): string {
  const wanted = sha256.toLowerCase();
  if (/^[0-9a-f]{64}$/.test(wanted)) return wanted;
  throw new LabError({
    code: 'CHECKSUM_FORMAT',
    message: `${JSON.stringify(sha256)} is not a SHA-256 checksum: it has 64 hexadecimal digits.`,
    remedy: ['Make one where the file comes from: sha256sum FILE'],
    exitCode: 2,
  });
}
