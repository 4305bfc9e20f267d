import type { Exec } from '../../exec.js';
import { programMissing } from '../../exec-missing.js';
import type { ProviderReport } from '../provider.js';
import { type AcceleratorVerdict, type ProbeImage, probeAccelerator } from './accelerator.js';
import { isNewEnough, OLDEST_VERSION, parseVersion } from './version.js';

/** Time-outs are multiplied by this where processors are emulated. */
const EMULATION_SLOWNESS = 4;

export interface ProbeOptions {
  exec: Exec;
  cacheDirectory: string;
  probeImage: (() => Promise<ProbeImage | undefined>) | undefined;
  fresh: boolean;
  signal?: AbortSignal | undefined;
}

export type Probed = { report: ProviderReport; verdict?: AcceleratorVerdict };

/** Looks for QEMU, its version and what accelerates it. Rejects only when aborted. */
export async function probeQemu(options: ProbeOptions): Promise<Probed> {
  const missing = await findMissing(options.exec);
  if (missing !== undefined) return unusable(missing);
  const asked = await options.exec.run('qemu-system-x86_64', ['--version'], {
    quiet: true,
    timeout: 10_000,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const version = parseVersion(asked.stdout);
  if (version === undefined) {
    return unusable({
      code: 'QEMU_BROKEN',
      message: `qemu-system-x86_64 --version failed: ${asked.stderr.trim() || asked.stdout.trim() || 'no output'}`,
      remedy: ['Install QEMU again.'],
    });
  }
  if (!isNewEnough(version)) {
    return unusable(
      {
        code: 'QEMU_TOO_OLD',
        message: `QEMU ${version} is too old: the private network needs ${OLDEST_VERSION} or newer.`,
        remedy: ['Install QEMU 7.2 or newer: Debian 12, Ubuntu 23.04, Fedora 38 and Homebrew have it.'],
      },
      version,
    );
  }
  const image = await options.probeImage?.().catch(() => undefined);
  const verdict = await probeAccelerator({ ...options, version, image });
  return { report: usable(version, verdict), verdict };
}

async function findMissing(exec: Exec): Promise<ProviderReport['problems'][number] | undefined> {
  for (const program of ['qemu-system-x86_64', 'qemu-img']) {
    if ((await exec.which(program)) !== undefined) continue;
    const { message, remedy } = programMissing(program);
    return { code: 'QEMU_MISSING', message, remedy };
  }
  return undefined;
}

function usable(version: string, verdict: AcceleratorVerdict): ProviderReport {
  const emulated = verdict.accelerator === 'tcg';
  const problem = {
    code: verdict.provisional ? 'ACCELERATOR_UNPROVEN' : 'NO_ACCELERATION',
    message: `Machines run without hardware acceleration: ${verdict.reason}.`,
    remedy: verdict.remedy,
  };
  return {
    usable: true,
    version,
    accelerator: verdict.accelerator,
    slowness: emulated ? EMULATION_SLOWNESS : 1,
    problems: emulated ? [problem] : [],
  };
}

function unusable(problem: ProviderReport['problems'][number], version?: string): Probed {
  const report: ProviderReport = { usable: false, slowness: 1, problems: [problem] };
  return { report: version === undefined ? report : { ...report, version } };
}
