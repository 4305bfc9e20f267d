import { programMissing } from '../../exec-missing.js';
import type { ProviderReport } from '../provider.js';
import type { VirtualBoxHost } from './host.js';
import { parseBlocks } from './parse.js';
import type { VBoxManage } from './vboxmanage.js';
import { isAtLeast, isNewerThan, NEWEST_KNOWN, OLDEST, parseVersion, type VBoxVersion } from './version.js';

type Problem = ProviderReport['problems'][number];
export type Probed = { report: ProviderReport; version?: VBoxVersion };

const USE_QEMU = 'Or use QEMU: provider: qemu in lab.yaml, or --provider qemu.';

/** Looks for VirtualBox, its version, its driver and the processor's virtualisation. Rejects only when aborted. */
export async function probeVirtualBox(vbox: VBoxManage, host: VirtualBoxHost, signal?: AbortSignal): Promise<Probed> {
  const program = await vbox.program().catch(() => undefined);
  if (program === undefined) return unusable(missing(host));
  const { stdout, stderr } = await vbox.ask(['--version'], { quiet: true, signal, timeout: 20_000 });
  const version = parseVersion(stdout);
  if (version === undefined) {
    const words = stderr.trim().split('\n').at(-1) || 'it printed nothing';
    const message = `VBoxManage does not tell its version: ${words}`;
    return unusable({ code: 'VIRTUALBOX_BROKEN', message, remedy: ['Install VirtualBox again.', USE_QEMU] });
  }
  const problem =
    tooOld(version) ?? appleSilicon(host) ?? (await noDriver(host)) ?? (await noVirtualization(vbox, host));
  if (problem !== undefined) return unusable(problem, version);
  const packs = parseBlocks((await vbox.ask(['list', 'extpacks'], { quiet: true, signal })).stdout, /^Pack no\./);
  const report: ProviderReport = {
    usable: true,
    version: version.text,
    accelerator: 'VT-x or AMD-V',
    slowness: 1,
    detail: describe(program, packs),
    problems: [...tooNew(version), ...badPacks(packs)],
  };
  return { report, version };
}

function describe(program: string, packs: Map<string, string>[]): string {
  const names = packs.map((pack) => packName(pack)).join(', ');
  return `${program}, ${names === '' ? 'no extension pack (none is needed)' : `extension pack ${names}`}`;
}

function packName(pack: Map<string, string>): string {
  return [...pack].find(([key]) => key.startsWith('Pack no.'))?.[1] ?? 'without a name';
}

function unusable(problem: Problem, version?: VBoxVersion): Probed {
  const report: ProviderReport = { usable: false, slowness: 1, problems: [problem] };
  return version === undefined ? { report } : { report: { ...report, version: version.text }, version };
}

function missing({ platform }: VirtualBoxHost): Problem {
  const { remedy } = programMissing('VBoxManage', platform);
  return { code: 'VIRTUALBOX_MISSING', message: 'VirtualBox is not installed.', remedy: [...remedy, USE_QEMU] };
}

function tooOld(version: VBoxVersion): Problem | undefined {
  if (isAtLeast(version, OLDEST)) return undefined;
  const message = `VirtualBox ${version.text} is too old: the lab needs ${OLDEST} or newer.`;
  return { code: 'VIRTUALBOX_TOO_OLD', message, remedy: ['Install a newer one: https://www.virtualbox.org', USE_QEMU] };
}

function tooNew(version: VBoxVersion): Problem[] {
  if (!isNewerThan(version, NEWEST_KNOWN)) return [];
  const message = `VirtualBox ${version.text} is newer than ${NEWEST_KNOWN}, the newest that the lab was tried with.`;
  return [
    { code: 'VIRTUALBOX_NEW', message, remedy: ['It should work. If something does not, QEMU is the way round.'] },
  ];
}

function badPacks(packs: Map<string, string>[]): Problem[] {
  return packs
    .filter((pack) => pack.get('Usable') === 'false')
    .map((pack) => ({
      code: 'VIRTUALBOX_EXTPACK',
      message: `VirtualBox cannot use its extension pack ${packName(pack)}: ${pack.get('Why unusable') || 'it does not say why'}.`,
      remedy: ['Install the extension pack of the same version as VirtualBox, or remove it: the lab needs none.'],
    }));
}

function appleSilicon({ platform, arch }: VirtualBoxHost): Problem | undefined {
  if (arch === 'x64' || arch === 'ia32') return undefined;
  const computer = platform === 'darwin' ? 'a Mac with Apple Silicon' : `this computer (${arch})`;
  const message = `VirtualBox on ${computer} runs ARM guests only, and the lab's machines are x86.`;
  return { code: 'VIRTUALBOX_APPLE_SILICON', message, remedy: ['Use QEMU: provider: qemu in lab.yaml.'] };
}

async function noDriver(host: VirtualBoxHost): Promise<Problem | undefined> {
  if ((await host.driver()) !== 'missing') return undefined;
  if (await host.secureBoot()) {
    return {
      code: 'VIRTUALBOX_SECURE_BOOT',
      message: "VirtualBox's driver is not loaded, and Secure Boot lets only signed drivers in.",
      remedy: [
        'Have it signed: sudo apt-get install --reinstall virtualbox-dkms asks for a password; restart and choose "Enroll MOK".',
        'Or switch Secure Boot off in the firmware.',
        USE_QEMU,
      ],
    };
  }
  return {
    code: 'VIRTUALBOX_DRIVER',
    message: "VirtualBox's driver is not loaded: there is no /dev/vboxdrv.",
    remedy: [
      'Load it: sudo modprobe vboxdrv',
      'If there is none for this kernel: sudo /sbin/vboxconfig (Debian: sudo apt-get install virtualbox-dkms linux-headers-amd64)',
      USE_QEMU,
    ],
  };
}

async function noVirtualization(vbox: VBoxManage, host: VirtualBoxHost): Promise<Problem | undefined> {
  if (await host.virtualization(vbox).catch(() => true)) return undefined;
  if (host.platform === 'win32') {
    return {
      code: 'VIRTUALBOX_HYPERV',
      message: 'VirtualBox gets no hardware virtualisation: Hyper-V has it, or it is switched off in the firmware.',
      remedy: [
        'Switch Hyper-V off in an administrator’s console and restart: bcdedit /set hypervisorlaunchtype off',
        'Switch on VT-x or AMD-V in the firmware.',
      ],
    };
  }
  return {
    code: 'VIRTUALIZATION_OFF',
    message:
      'VirtualBox sees no hardware virtualisation: VT-x or AMD-V is switched off, or this is a virtual machine without it.',
    remedy: ['Switch on VT-x or AMD-V in the firmware (BIOS or UEFI set-up) and restart.', USE_QEMU],
  };
}
