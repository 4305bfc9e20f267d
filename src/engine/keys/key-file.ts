import { randomBytes } from 'node:crypto';
import { chmod, link, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The text of a file, undefined when there is none. */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Writes a whole file or nothing. With `keep`, a file that another process wrote meanwhile stays: two first starts at once
 * must agree on one key. Resolves with the text that is there now.
 */
export async function writeWhole(file: string, text: string, mode: number, keep: boolean): Promise<string> {
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.chmod(mode);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (!keep) await rename(temporary, file);
    else await linkOrRename(temporary, file);
    await syncDirectory(dirname(file));
    return keep ? ((await readText(file)) ?? text) : text;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Removes what a process that died while writing left behind. */
export async function sweep(directory: string, olderThan = 60_000): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/^\..+\.tmp$/.test(name)) continue;
    const file = join(directory, name);
    const age = await stat(file).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > olderThan) await rm(file, { force: true });
  }
}

/** OpenSSH refuses private keys that others can read. */
export async function restrict(path: string, mode: number): Promise<void> {
  const now = (await stat(path)).mode & 0o777;
  if (now !== mode) await chmod(path, mode);
}

async function linkOrRename(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return;
    // Some file systems have no hard links.
    await rename(from, to);
  }
}

async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Not every platform lets a directory be opened.
  }
}
