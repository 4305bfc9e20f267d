import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../errors.js';

/** One entry of a folder to copy; `path` is relative with slashes, '' for the folder itself. */
export type TreeEntry = { path: string; mode: number; mtime: number } & (
  | { type: 'directory' }
  | { type: 'file'; size: number }
  | { type: 'link'; target: string }
);

/** All of a folder, parents before children; sockets, devices and pipes are left out. Times are whole seconds. */
export async function readTree(root: string): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  const visit = async (path: string): Promise<void> => {
    const full = join(root, path);
    const stats = await lstat(full);
    const common = { path, mode: stats.mode & 0o7777, mtime: Math.floor(stats.mtimeMs / 1000) };
    if (stats.isFile()) entries.push({ ...common, type: 'file', size: stats.size });
    else if (stats.isSymbolicLink()) entries.push({ ...common, type: 'link', target: await readlink(full) });
    else if (stats.isDirectory()) {
      entries.push({ ...common, type: 'directory' });
      for (const name of (await readdir(full)).sort()) await visit(path === '' ? name : `${path}/${name}`);
    }
  };
  try {
    await visit('');
  } catch (cause) {
    throw unreadable(root, cause as NodeJS.ErrnoException);
  }
  if (entries[0]?.type !== 'directory') throw unreadable(root, { code: 'ENOTDIR' });
  return entries;
}

function unreadable(root: string, cause: { code?: string | undefined; path?: string | undefined }): LabError {
  return new LabError({
    code: 'COPY_SOURCE',
    message: `The folder ${root} cannot be copied: ${cause.path ?? root} (${cause.code ?? 'unreadable'}).`,
    remedy: [`Check that it is a folder and that you may read it: ls -ld ${cause.path ?? root}`],
    cause,
    exitCode: 2,
  });
}
