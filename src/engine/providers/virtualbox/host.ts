import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBlocks } from './parse.js';
import type { VBoxManage } from './vboxmanage.js';

/** What VirtualBox needs of the computer and does not tell by itself. */
export interface VirtualBoxHost {
  platform: NodeJS.Platform;
  arch: string;
  /** Is the driver loaded that starts machines? `unknown` where that does not show. */
  driver(): Promise<'loaded' | 'missing' | 'unknown'>;
  /** Is the one loaded that makes host-only networks? */
  networkDriver(): Promise<'loaded' | 'missing' | 'unknown'>;
  /** Does the firmware only let signed drivers in? */
  secureBoot(): Promise<boolean>;
  /** May hardware virtualisation be used, as VirtualBox sees it? */
  virtualization(vbox: VBoxManage): Promise<boolean>;
}

const EFI_VARIABLES = '/sys/firmware/efi/efivars';

export function thisHost(): VirtualBoxHost {
  return {
    platform: process.platform,
    arch: process.arch,
    driver: () => device('/dev/vboxdrv'),
    networkDriver: () => device('/dev/vboxnetctl'),
    secureBoot: () => isSecureBoot(EFI_VARIABLES),
    virtualization: async (vbox) => {
      const stdout = await vbox.call(['list', 'hostinfo'], { quiet: true });
      return supportsVirtualization(stdout);
    },
  };
}

async function device(path: string): Promise<'loaded' | 'missing' | 'unknown'> {
  if (process.platform !== 'linux') return 'unknown';
  return stat(path).then(
    () => 'loaded' as const,
    () => 'missing' as const,
  );
}

/** The variable has four bytes of attributes, then 1 where only signed drivers are let in. */
export async function isSecureBoot(directory: string): Promise<boolean> {
  const files = await readdir(directory).catch(() => []);
  const file = files.find((name) => name.startsWith('SecureBoot-'));
  const bytes = file === undefined ? undefined : await readFile(join(directory, file)).catch(() => undefined);
  return bytes?.[4] === 1;
}

export function supportsVirtualization(hostinfo: string): boolean {
  const [, info] = parseBlocks(hostinfo, /^(Host Information|Host time)$/);
  return info?.get('Processor supports HW virtualization') !== 'no';
}
