import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../errors.js';

/** Where a machine's files are. The name becomes part of paths that are removed recursively, so it is checked here again. */
export function machineDirectory(labDirectory: string, name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(name)) {
    throw new LabError({
      code: 'BAD_MACHINE_NAME',
      message: `"${name}" cannot be the name of a machine.`,
      remedy: ['Use letters, digits and hyphens, beginning with a letter.'],
      exitCode: 2,
    });
  }
  return join(labDirectory, 'machines', name);
}

/** Names of all machines of the lab, created or half-created. */
export async function machineNames(labDirectory: string): Promise<string[]> {
  const entries = await readdir(join(labDirectory, 'machines'), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
