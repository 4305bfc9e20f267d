import { rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LabError } from '../../errors.js';
import type { Machines } from './machine.js';

/** Has QEMU write the VGA screen as PNG to `file`, which appears only when it is complete. */
export async function takeScreenshot(machines: Machines, name: string, file: string): Promise<void> {
  const target = resolve(file);
  const partial = `${target}.${process.pid}.partial`;
  try {
    await machines.qmp(name, 'write its screen', (qmp) =>
      qmp.execute('screendump', { filename: partial, format: 'png' }, 30_000),
    );
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    if (error instanceof LabError) throw error;
    throw new LabError({
      code: 'SCREENSHOT_FAILED',
      message: `The screen of ${name} could not be written to ${target}: ${(error as Error).message}`,
      remedy: [`Check that ${dirname(target)} exists and can be written.`],
      machine: name,
      cause: error,
    });
  }
}
