import { rename, rm } from 'node:fs/promises';
import { LabError } from '../../errors.js';
import type { Exec } from '../../exec.js';
import { diskFull, imageMissing, isNoSpace } from '../common/errors.js';
import { exists } from '../common/exists.js';
import type { MachineSpec } from '../provider.js';
import { diskArgs } from './args.js';
import type { MachinePaths } from './paths.js';

const GIB = 1024 ** 3;

/** Makes the boot disk unless it is there. It appears under its name only when it is complete. */
export async function createDisk(
  exec: Exec,
  spec: MachineSpec,
  paths: MachinePaths,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (await exists(paths.disk)) return;
  const partial = `${paths.disk}.partial`;
  await rm(partial, { force: true });
  const wanted = spec.disk.sizeGiB * GIB;
  const bytes = spec.disk.base === undefined ? wanted : Math.max(wanted, await virtualSize(exec, spec, signal));
  await qemuImg(exec, spec.name, diskArgs(spec.disk, partial, bytes), { directory: paths.directory, signal });
  await rename(partial, paths.disk);
}

/** Runs qemu-img; rejects with DISK_FULL or QEMU_IMG_FAILED and its own words. Resolves with what it printed. */
export async function qemuImg(
  exec: Exec,
  machine: string,
  args: readonly string[],
  options: { directory: string; signal?: AbortSignal | undefined; quiet?: boolean },
): Promise<string> {
  const result = await exec.run('qemu-img', args, {
    machine,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.quiet === undefined ? {} : { quiet: options.quiet }),
  });
  if (result.exitCode === 0) return result.stdout;
  if (isNoSpace(result.stderr)) {
    throw diskFull(`qemu-img ${args[0]} failed for ${machine}`, options.directory, machine, result.stderr);
  }
  throw new LabError({
    code: 'QEMU_IMG_FAILED',
    message: `qemu-img ${args[0]} failed for ${machine}: ${result.stderr.trim() || `exit code ${result.exitCode}`}`,
    remedy: [`If the disk is damaged: coreos-lab destroy ${machine}, then coreos-lab up ${machine}`],
    machine,
    evidence: result.stderr.trim().split('\n').slice(-20),
  });
}

async function virtualSize(exec: Exec, spec: MachineSpec, signal: AbortSignal | undefined): Promise<number> {
  const base = spec.disk.base as string;
  if (!(await exists(base))) throw imageMissing(spec.name, base);
  const args = ['info', '--output=json', '--force-share', base];
  const text = await qemuImg(exec, spec.name, args, { directory: base, signal, quiet: true });
  return Number((JSON.parse(text) as { 'virtual-size': number })['virtual-size']);
}
