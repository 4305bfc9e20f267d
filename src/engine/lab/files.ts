import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LabError } from '../errors.js';
import type { OperationOptions } from '../lab.js';
import type { SshTarget } from '../ssh/ssh.js';
import type { LabParts } from './parts.js';

/** Copies provision/ and the shared folder to a machine's home folder, with progress. */
export async function syncFolders(parts: LabParts, target: SshTarget, { signal }: OperationOptions): Promise<void> {
  const { ssh, provisionDirectory, baseDirectory, config } = parts;
  const say = (text: string) => parts.events.emit({ type: 'notice', level: 'info', text });
  const copy = async (from: string, to: string) => {
    const id = `sync:${target.machine}:${to}`;
    const label = `Copy ${to} to ${target.machine}`;
    const emit = (bytes: number, total: number, finished = false) =>
      parts.events.emit({
        type: 'progress',
        id,
        label,
        done: bytes,
        total,
        unit: 'bytes',
        ...(finished ? { finished } : {}),
      });
    const result = await ssh.sync(target, from, `/home/core/${to}`, {
      delete: true,
      onProgress: (bytes, total) => emit(bytes, total),
      ...(signal && { signal }),
    });
    emit(result.bytes, result.bytes, true);
    say(`${from} → ${target.machine}:/home/core/${to} (${result.files} files by ${result.method})`);
  };
  await copy(provisionDirectory, 'provision');
  if (config.shared === '') return;
  const shared = resolve(baseDirectory, config.shared);
  if (await isFolder(shared)) await copy(shared, 'shared');
  else {
    // Nothing to bring along is no fault; the folder is there all the same, so that scripts can rely on it.
    await ssh.script(target, 'mkdir -p /home/core/shared', { quiet: true });
    say(`${shared} does not exist: an empty /home/core/shared was made on ${target.machine}`);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
  }
  throw new LabError({
    code: 'SHARED_UNUSABLE',
    message: `The shared folder ${path} is not a folder that can be read.`,
    remedy: ['Correct `shared` in lab.yaml, or make it a folder.'],
    exitCode: 2,
  });
}
