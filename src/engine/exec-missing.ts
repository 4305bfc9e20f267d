import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join, sep } from 'node:path';
import { LabError } from './errors.js';

/** Packages that bring the programs we call: [Debian/Ubuntu, Homebrew]; undefined where there is none. */
const PACKAGES: Record<string, [apt: string | undefined, brew: string | undefined]> = {
  'qemu-system-x86_64': ['qemu-system-x86', 'qemu'],
  'qemu-img': ['qemu-utils', 'qemu'],
  VBoxManage: ['virtualbox', '--cask virtualbox'],
  mmdebstrap: ['mmdebstrap', undefined],
  mksquashfs: ['squashfs-tools', 'squashfs'],
  sgdisk: ['gdisk', 'gptfdisk'],
  mke2fs: ['e2fsprogs', 'e2fsprogs'],
  ssh: ['openssh-client', 'openssh'],
  'ssh-keygen': ['openssh-client', 'openssh'],
  rsync: ['rsync', 'rsync'],
  bats: ['bats', 'bats-core'],
  tar: ['tar', 'gnu-tar'],
  zstd: ['zstd', 'zstd'],
  less: ['less', 'less'],
  tcpdump: ['tcpdump', 'tcpdump'],
  tmux: ['tmux', 'tmux'],
};

/** LabError PROGRAM_MISSING with the package to install, where it is known for this platform. */
export function programMissing(program: string, platform: NodeJS.Platform = process.platform): LabError {
  const [apt, brew] = PACKAGES[program] ?? [];
  const remedy: string[] = [];
  if (platform === 'darwin' && brew !== undefined) remedy.push(`brew install ${brew}`);
  if (platform === 'linux' && apt !== undefined) remedy.push(`sudo apt install ${apt}`);
  remedy.push(`Install ${program} and make sure that its directory is on PATH.`);
  return new LabError({
    code: 'PROGRAM_MISSING',
    message: `The program ${program} is not installed or not on PATH.`,
    remedy,
    exitCode: 2,
  });
}

/** Full path of an executable file: `program` itself when it has a slash, else the first match on PATH. */
export async function findProgram(program: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const extensions = process.platform === 'win32' ? ['', ...(env.PATHEXT ?? '.EXE;.CMD').split(';')] : [''];
  const hasDirectory = program.includes('/') || program.includes(sep);
  const directories = hasDirectory ? [''] : (env.PATH ?? '').split(delimiter).filter((entry) => entry !== '');
  for (const directory of directories) {
    for (const extension of extensions) {
      const file = hasDirectory ? program + extension : join(directory, program + extension);
      if (await isExecutable(file)) return file;
    }
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
