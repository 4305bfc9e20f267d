/** "QEMU emulator version 7.2.22 (Debian …)" → "7.2.22"; undefined when it says something else. */
export function parseVersion(text: string): string | undefined {
  return /version (\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];
}

/** `-netdev stream`, which carries the private network, came with 7.2. */
export const OLDEST_VERSION = '7.2';

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 7 || (major === 7 && minor >= 2);
}
