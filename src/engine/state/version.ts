import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../errors.js';

/** Format of the state directory; raised when an older program could not use what a newer one wrote. */
export const STATE_VERSION = 1;

/** Throws LabError STATE_TOO_NEW (exit code 2) before anything is touched; marks a directory that has no mark. */
export function checkStateVersion(labDirectory: string): void {
  const file = join(labDirectory, 'version');
  let text: string | undefined;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch {
    writeFileSync(file, `${STATE_VERSION}\n`, { mode: 0o600 });
    return;
  }
  if (text === String(STATE_VERSION)) return;
  throw new LabError({
    code: 'STATE_TOO_NEW',
    message: `The lab in ${labDirectory} has format ${text || 'unknown'}; this coreos-lab knows format ${STATE_VERSION}. Nothing was changed.`,
    remedy: [
      'Use the newer coreos-lab that made it: npx coreos-lab@latest',
      'Or begin a lab of its own: set another name in lab.yaml.',
      `Or, if nothing in it is needed, remove ${labDirectory}.`,
    ],
    exitCode: 2,
  });
}
