/** Major and minor number, such as 7.2, as one number that can be compared. */
export interface VBoxVersion {
  text: string;
  major: number;
  minor: number;
}

export const OLDEST = '6.1';
/** The newest one that the lab was tried with. */
export const NEWEST_KNOWN = '7.2';

/** Debian's wrapper prints a warning about the driver first, also on stdout, so the last line counts. */
export function parseVersion(stdout: string): VBoxVersion | undefined {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  const match = /^(\d+)\.(\d+)\.\d+/.exec(line.trim());
  return match === null ? undefined : { text: match[0], major: Number(match[1]), minor: Number(match[2]) };
}

/** Is it `wanted` ("7.0") or newer? */
export function isAtLeast(version: Pick<VBoxVersion, 'major' | 'minor'>, wanted: string): boolean {
  const [major = 0, minor = 0] = wanted.split('.').map(Number);
  return version.major > major || (version.major === major && version.minor >= minor);
}

export function isNewerThan(version: Pick<VBoxVersion, 'major' | 'minor'>, known: string): boolean {
  return isAtLeast(version, known) && `${version.major}.${version.minor}` !== known;
}

/**
 * The arguments of modifyvm that differ between versions; everything else is spelt as all of them understand it. 7.0 renamed the audio
 * option and took the host's loopback from guests. Newer ones
 * write the UUID as SMBIOS 2.6 wants it into tables that say that they are of 2.5, so that iPXE and Linux read it the wrong way round.
 */
export function versionArgs(version: VBoxVersion, uplinkCard: number | undefined): string[] {
  const args = isAtLeast(version, '7.0') ? ['--audio-driver', 'none'] : ['--audio', 'none'];
  if (isAtLeast(version, '7.2')) args.push('--system-uuid-le', 'off');
  if (isAtLeast(version, '7.0') && uplinkCard !== undefined) args.push(`--nat-localhostreachable${uplinkCard}`, 'on');
  return args;
}
