import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LabError } from '../errors.js';
import { defaultLabConfig } from './defaults.js';
import type { LabConfig } from './lab-config.js';

/**
 * The lab that a file declares, or lab.yaml in the current directory, or the default one where there is no such file. Rejects with
 * LabError CONFIG_INVALID (exit code 2), which lists every fault with its place in the file.
 */
export async function loadLabConfig(file?: string): Promise<LabConfig> {
  const path = resolve(file ?? 'lab.yaml');
  if (file === undefined && !existsSync(path)) return defaultLabConfig();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new LabError({
      code: 'CONFIG_MISSING',
      message: `The lab file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      remedy: [
        'Check the path after --lab.',
        'Without --lab, lab.yaml in the current directory is used, or the default lab.',
      ],
      exitCode: 2,
      cause: error,
    });
  }
  // yaml and valibot are loaded only when there is something to read: most people have no lab.yaml.
  const { parseLabConfig } = await import('./parse.js');
  return parseLabConfig(text, file ?? 'lab.yaml');
}
