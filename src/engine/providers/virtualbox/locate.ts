import { posix, win32 } from 'node:path';
import type { Exec } from '../../exec.js';

/** Where VirtualBox puts VBoxManage when it does not put it on PATH. Pure. */
export function usualPlaces(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string[] {
  switch (platform) {
    case 'darwin':
      return ['/usr/local/bin/VBoxManage', '/Applications/VirtualBox.app/Contents/MacOS/VBoxManage'];
    case 'win32':
      return [
        ...[env.VBOX_MSI_INSTALL_PATH, env.VBOX_INSTALL_PATH],
        ...[env.ProgramW6432, env.ProgramFiles].map((base) => base && win32.join(base, 'Oracle', 'VirtualBox')),
      ]
        .filter((directory) => directory !== undefined && directory !== '')
        .map((directory) => win32.join(directory as string, 'VBoxManage.exe'));
    default:
      return ['/usr/bin', '/usr/local/bin', '/usr/lib/virtualbox', '/opt/VirtualBox'].map((directory) =>
        posix.join(directory, 'VBoxManage'),
      );
  }
}

/** The program to call: as found on PATH, or in a usual place; undefined when there is none. */
export async function locateVBoxManage(
  exec: Exec,
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  if ((await exec.which('VBoxManage')) !== undefined) return 'VBoxManage';
  for (const place of usualPlaces(platform, env)) {
    if ((await exec.which(place)) !== undefined) return place;
  }
  return undefined;
}
