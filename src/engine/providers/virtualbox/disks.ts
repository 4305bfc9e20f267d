import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { LabError } from '../../errors.js';
import type { Exec } from '../../exec.js';
import { imageMissing } from '../common/errors.js';
import { exists } from '../common/exists.js';
import { parseBlocks } from './parse.js';
import type { VBoxManage } from './vboxmanage.js';

/** Copying a system's disk takes a while on a slow one. */
const CONVERT_TIMEOUT = 10 * 60_000;

/**
 * The disk that machines are based on: the image in VirtualBox's own format and as large as a machine's disk, since a disk that holds
 * differences only cannot grow. It lies beside the image and is made once.
 */
export function basePath(image: string, sizeGiB: number): string {
  return join(dirname(image), `${basename(image, extname(image))}.${sizeGiB}GiB.vdi`);
}

export async function ensureBase(
  parts: { vbox: VBoxManage; exec: Exec },
  machine: string,
  disk: { base: string; sizeGiB: number },
  signal: AbortSignal | undefined,
): Promise<string> {
  const { vbox } = parts;
  const target = basePath(disk.base, disk.sizeGiB);
  if (await exists(target)) return target;
  if (!(await exists(disk.base))) throw imageMissing(machine, disk.base);
  const partial = `${target}.${process.pid}.partial.vdi`;
  const options = { machine, action: `get a disk based on ${disk.base}`, signal, timeout: CONVERT_TIMEOUT };
  const close = (file: string) =>
    vbox.ask(['closemedium', 'disk', file], { machine, quiet: true }).catch(() => undefined);
  try {
    await convert(parts, disk.base, partial, options);
    const megabytes = disk.sizeGiB * 1024;
    if ((await capacityMiB(vbox, partial)) < megabytes) {
      // In bytes, since it takes a great number of megabytes for a mistake.
      await vbox.call(['modifymedium', 'disk', partial, '--resizebyte', String(megabytes * 1024 * 1024)], options);
    }
    await close(partial);
    await rename(partial, target);
  } catch (error) {
    await close(partial);
    await rm(partial, { force: true });
    throw error;
  }
  return target;
}

interface ConvertOptions {
  machine: string;
  action: string;
  signal: AbortSignal | undefined;
  timeout: number;
}

async function convert(
  { vbox, exec }: { vbox: VBoxManage; exec: Exec },
  from: string,
  to: string,
  options: ConvertOptions,
): Promise<void> {
  const format = await formatOf(from);
  if (format === 'raw') {
    await vbox.call(['convertfromraw', from, to, '--format', 'VDI'], options);
    return;
  }
  if (format !== 'qcow2') {
    await vbox.call(['clonemedium', 'disk', from, to, '--format', 'VDI'], options);
    await vbox.ask(['closemedium', 'disk', from], { machine: options.machine, quiet: true });
    return;
  }
  // VirtualBox reads only old QCOW files, without compression.
  if ((await exec.which('qemu-img')) === undefined) throw noConverter(options.machine, from);
  const result = await exec.run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'vdi', from, to], {
    machine: options.machine,
    timeout: options.timeout,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (result.exitCode === 0) return;
  throw new LabError({
    code: 'QEMU_IMG_FAILED',
    message: `qemu-img convert failed for ${options.machine}: ${result.stderr.trim() || `exit code ${result.exitCode}`}`,
    remedy: ['Free some space, or make the image anew: coreos-lab image build'],
    machine: options.machine,
  });
}

async function formatOf(file: string): Promise<'raw' | 'qcow2' | 'other'> {
  const handle = await open(file, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(0x44), 0, 0x44, 0);
    if (buffer.subarray(0, 4).equals(Buffer.from('QFI\xfb', 'latin1'))) return 'qcow2';
    const isVdi = buffer.readUInt32LE(0x40) === 0xbeda107f;
    const isVmdk =
      buffer.subarray(0, 4).toString('latin1') === 'KDMV' || buffer.toString('latin1').startsWith('# Disk Desc');
    return isVdi || isVmdk ? 'other' : 'raw';
  } finally {
    await handle.close();
  }
}

async function capacityMiB(vbox: VBoxManage, file: string): Promise<number> {
  const [info] = parseBlocks(await vbox.call(['showmediuminfo', 'disk', file], { quiet: true }), 'UUID');
  return Number.parseInt(info?.get('Capacity') ?? '', 10);
}

function noConverter(machine: string, image: string): LabError {
  return new LabError({
    code: 'IMAGE_FORMAT',
    message: `The disk of ${machine} cannot be made: VirtualBox does not read ${image}, and qemu-img is not installed.`,
    remedy: ['Install qemu-img (Debian and Ubuntu: sudo apt-get install qemu-utils; macOS: brew install qemu).'],
    machine,
  });
}
