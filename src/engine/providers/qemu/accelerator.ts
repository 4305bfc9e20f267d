import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { cpus, hostname, release } from 'node:os';
import { join } from 'node:path';
import type { Exec } from '../../exec.js';
import { readRecord, writeRecord } from '../common/record.js';
import type { Accelerator } from './args.js';

export interface ProbeImage {
  kernel: string;
  initrd?: string;
}

export interface AcceleratorVerdict {
  accelerator: Accelerator;
  /** A device is there that could not be tried yet; the verdict may become better. */
  provisional: boolean;
  /** Why there is no hardware acceleration. */
  reason?: string;
  remedy: string[];
}

interface CachedVerdict {
  key: string;
  verdict: AcceleratorVerdict;
}

const BOOT_TIMEOUT = 15_000;
/** Printed when a 64-bit kernel is up; firmware and decompression work even where the kernel then hangs. */
const MARKER = /Run \/\S*init as init process|Unable to mount root fs|No working init found/;

export interface AcceleratorOptions {
  exec: Exec;
  version: string;
  cacheDirectory: string;
  /** Kernel to boot for the proof; undefined = the lab's image is not there yet. */
  image: ProbeImage | undefined;
  fresh: boolean;
  signal?: AbortSignal | undefined;
}

/** Finds out what accelerates by booting a kernel with it. A device file alone proves nothing. */
export async function probeAccelerator(options: AcceleratorOptions): Promise<AcceleratorVerdict> {
  const file = join(options.cacheDirectory, 'qemu-accelerator.json');
  const candidate = await findCandidate();
  const key = [hostname(), release(), cpus()[0]?.model, options.version, JSON.stringify(candidate)].join(' | ');
  if (!options.fresh) {
    const cached = await readRecord<CachedVerdict>(file);
    if (cached?.key === key && typeof cached.verdict?.accelerator === 'string') return cached.verdict;
  }
  const verdict = await judge(candidate, options);
  // A full disk or a read-only home must not stop the lab: the proof is then made anew next time.
  if (!verdict.provisional) await writeRecord(file, { key, verdict }).catch(() => {});
  return verdict;
}

type Candidate = { accelerator: 'kvm' | 'hvf' } | { accelerator: 'tcg'; reason: string; remedy: string[] };

async function findCandidate(): Promise<Candidate> {
  if (process.platform === 'darwin') {
    if (process.arch === 'x64') return { accelerator: 'hvf' };
    return {
      accelerator: 'tcg',
      reason: 'the lab runs x86 machines, this Mac has another processor',
      remedy: ['Machines are emulated; allow four times the usual waits.'],
    };
  }
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
    return { accelerator: 'kvm' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') {
      return {
        accelerator: 'tcg',
        reason: 'this user may not use /dev/kvm',
        remedy: ['sudo usermod -aG kvm "$USER", then log out and in again.'],
      };
    }
    return {
      accelerator: 'tcg',
      reason: 'there is no /dev/kvm',
      remedy: [
        'Switch on virtualisation (VT-x, AMD-V) in the firmware set-up; in a virtual machine, nested virtualisation.',
      ],
    };
  }
}

async function judge(candidate: Candidate, options: AcceleratorOptions): Promise<AcceleratorVerdict> {
  if (candidate.accelerator === 'tcg') return { ...candidate, provisional: false };
  const image = options.image ?? (await hostKernel());
  if (image === undefined) {
    return {
      accelerator: 'tcg',
      provisional: true,
      reason: `${candidate.accelerator} is there but was not tried yet: that takes the lab's image`,
      remedy: ['coreos-lab setup'],
    };
  }
  if (await boots(candidate.accelerator, image, options)) {
    return { accelerator: candidate.accelerator, provisional: false, remedy: [] };
  }
  return {
    accelerator: 'tcg',
    provisional: false,
    reason: `${candidate.accelerator} is there, but a kernel does not boot with it`,
    remedy: ['Machines are emulated. coreos-lab doctor tries again.'],
  };
}

async function boots(accelerator: 'kvm' | 'hvf', image: ProbeImage, options: AcceleratorOptions): Promise<boolean> {
  const seen = new AbortController();
  let text = '';
  const signal = options.signal === undefined ? seen.signal : AbortSignal.any([seen.signal, options.signal]);
  try {
    await options.exec.run('qemu-system-x86_64', probeArgs(accelerator, image), {
      timeout: BOOT_TIMEOUT,
      signal,
      maxBuffer: 64 * 1024,
      onStdout: (chunk) => {
        text = (text + chunk.toString('latin1')).slice(-8192);
        if (MARKER.test(text)) seen.abort();
      },
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!seen.signal.aborted) throw error;
  }
  return seen.signal.aborted || MARKER.test(text);
}

export function probeArgs(accelerator: 'kvm' | 'hvf', image: ProbeImage): string[] {
  return [
    ['-accel', accelerator, '-cpu', 'host', '-m', '1024M', '-nodefaults', '-no-user-config', '-no-reboot'],
    ['-display', 'none', '-serial', 'stdio', '-kernel', image.kernel],
    image.initrd === undefined ? [] : ['-initrd', image.initrd],
    ['-append', 'console=ttyS0 panic=-1'],
  ].flat();
}

/** The host's own kernel serves as well, where it may be read. */
async function hostKernel(): Promise<ProbeImage | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const names = await readdir('/boot').catch(() => []);
  for (const name of names
    .filter((each) => each.startsWith('vmlinuz'))
    .toSorted()
    .toReversed()) {
    const kernel = join('/boot', name);
    if (
      await access(kernel, constants.R_OK).then(
        () => true,
        () => false,
      )
    )
      return { kernel };
  }
  return undefined;
}
