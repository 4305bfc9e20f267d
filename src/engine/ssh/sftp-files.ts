import { posix } from 'node:path';
import type { Attributes, FileEntryWithStats, SFTPWrapper, TransferOptions } from 'ssh2';

/** sftp's status codes that decide something. */
export const NO_SUCH_FILE = 2;

const S_IFMT = 0o170000;
export type RemoteType = 'directory' | 'file' | 'link' | 'other';

export function remoteType(mode: number): RemoteType {
  if ((mode & S_IFMT) === 0o040000) return 'directory';
  if ((mode & S_IFMT) === 0o100000) return 'file';
  if ((mode & S_IFMT) === 0o120000) return 'link';
  return 'other';
}

/** The few sftp requests that copying needs, as promises. They reject with ssh2's errors, `code` being sftp's status. */
export class SftpFiles {
  constructor(readonly sftp: SFTPWrapper) {}

  /** Entries of a directory without . and .., undefined when there is no such directory. */
  async list(directory: string): Promise<FileEntryWithStats[] | undefined> {
    try {
      const all = await promise<FileEntryWithStats[]>((done) => this.sftp.readdir(directory, done));
      return all.filter(({ filename }) => filename !== '.' && filename !== '..');
    } catch (error) {
      if ((error as { code?: number }).code === NO_SUCH_FILE) return undefined;
      throw error;
    }
  }

  makeDirectory(path: string): Promise<void> {
    return promise((done) => this.sftp.mkdir(path, { mode: 0o700 }, done));
  }

  /** Removes a file, link or whole directory. */
  async remove(path: string, mode: number): Promise<void> {
    if (remoteType(mode) !== 'directory') return await promise((done) => this.sftp.unlink(path, done));
    for (const entry of (await this.list(path)) ?? [])
      await this.remove(posix.join(path, entry.filename), entry.attrs.mode);
    await promise((done) => this.sftp.rmdir(path, done));
  }

  link(target: string, path: string): Promise<void> {
    return promise((done) => this.sftp.symlink(target, path, done));
  }

  setAttributes(path: string, mode: number, mtime: number): Promise<void> {
    return promise((done) => this.sftp.setstat(path, { mode, atime: mtime, mtime } as Attributes, done));
  }

  /** Uploads beside the file and renames, so that nobody sees half a file and a running program may be replaced. */
  async upload(
    local: string,
    remote: string,
    mode: number,
    mtime: number,
    onBytes: (count: number) => void = () => {},
  ): Promise<void> {
    const part = posix.join(posix.dirname(remote), `.${posix.basename(remote)}.coreos-lab-part`);
    const options: TransferOptions = { mode: 0o600, step: (_total, count) => onBytes(count) };
    try {
      await promise((done) => this.sftp.fastPut(local, part, options, done));
      await this.setAttributes(part, mode, mtime);
      await this.#replace(part, remote);
    } catch (error) {
      await promise((done) => this.sftp.unlink(part, done)).catch(() => {});
      throw error;
    }
  }

  async #replace(from: string, to: string): Promise<void> {
    try {
      await promise((done) => this.sftp.ext_openssh_rename(from, to, done));
    } catch (error) {
      if (!/does not support/.test((error as Error).message)) throw error;
      await promise((done) => this.sftp.unlink(to, done)).catch(() => {});
      await promise((done) => this.sftp.rename(from, to, done));
    }
  }
}

type Done<T> = (error: Error | undefined | null, value: T) => void;

/** Also for requests that throw at once, which ssh2 does on a closed channel. */
function promise<T = void>(request: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => request((error, value) => (error ? reject(error) : resolve(value))));
}
