import { accessSync, constants, existsSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { LabError } from '../errors.js';
import type { LabPaths } from './paths.js';

/**
 * Makes the directories of a lab. Throws LabError STATE_NOT_WRITABLE (exit code 2) that names the variable to set, or
 * RUNTIME_NOT_OURS when somebody else made the directory for sockets, through which machines are controlled.
 */
export function makeLabDirectories(paths: LabPaths): void {
  makeWritable(paths.labDirectory, 'XDG_STATE_HOME');
  makeWritable(paths.cacheDirectory, 'XDG_CACHE_HOME');
  makeWritable(paths.runtimeDirectory, 'XDG_RUNTIME_DIR');
  checkOwner(dirname(paths.runtimeDirectory));
}

function makeWritable(directory: string, variable: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new LabError({
      code: 'STATE_NOT_WRITABLE',
      message: `Nothing can be written to ${directory}: ${reason(directory, error)}.`,
      remedy: [`Make it writable, or set ${variable} to a directory that is, and run the command again.`],
      exitCode: 2,
      cause: error,
    });
  }
}

const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'it is a file',
};

function reason(directory: string, error: unknown): string {
  let code = (error as NodeJS.ErrnoException).code ?? String(error);
  // Below a directory that cannot be written to, Node says only that the path is not there.
  if (code === 'ENOENT') {
    let parent = dirname(directory);
    while (!existsSync(parent)) parent = dirname(parent);
    try {
      accessSync(parent, constants.W_OK);
    } catch (cause) {
      code = (cause as NodeJS.ErrnoException).code ?? code;
    }
  }
  return REASONS[code] ?? code;
}

/** In /tmp anybody may have made the directory before us. */
function checkOwner(directory: string): void {
  const user = process.getuid?.();
  if (user === undefined) return;
  const found = lstatSync(directory);
  if (found.isDirectory() && found.uid === user && (found.mode & 0o022) === 0) return;
  throw new LabError({
    code: 'RUNTIME_NOT_OURS',
    message: `${directory} is not a directory that only you can write to. Through sockets in it machines are controlled, so it is not used.`,
    remedy: ['Remove it, or set XDG_RUNTIME_DIR to a directory of your own.'],
    exitCode: 2,
  });
}
