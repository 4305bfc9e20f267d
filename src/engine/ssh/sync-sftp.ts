import { join, posix } from 'node:path';
import type { SFTPWrapper } from 'ssh2';
import type { TreeEntry } from './local-tree.js';
import { remoteType, SftpFiles } from './sftp-files.js';
import type { SyncOptions } from './sync-rsync.js';

/** Files sent at once: small ones cost a round trip each. */
const PARALLEL = 8;

type FileEntry = Extract<TreeEntry, { type: 'file' }>;

/**
 * Copies a tree by sftp as `rsync -a` would: files whose size, time and mode are the same stay, modes, times and symbolic
 * links are kept, and with `delete` what is only there goes. `remoteDir` must exist.
 */
export async function syncBySftp(
  sftp: SFTPWrapper,
  tree: readonly TreeEntry[],
  localDir: string,
  remoteDir: string,
  options: SyncOptions,
): Promise<{ files: number; bytes: number }> {
  const remote = new SftpFiles(sftp);
  const children = groupByDirectory(tree);
  const toSend: FileEntry[] = [];

  const prepare = async (directory: string, isNew: boolean): Promise<void> => {
    options.signal?.throwIfAborted();
    const there = isNew ? [] : ((await remote.list(posix.join(remoteDir, directory))) ?? []);
    const existing = new Map(there.map((entry) => [entry.filename, entry.attrs]));
    const wanted = children.get(directory) ?? new Map<string, TreeEntry>();
    for (const [name, attributes] of existing) {
      const entry = wanted.get(name);
      const type = remoteType(attributes.mode);
      const replaced = entry !== undefined && (entry.type !== type || type === 'link');
      if (replaced || (entry === undefined && options.delete)) {
        await remote.remove(posix.join(remoteDir, directory, name), attributes.mode);
        existing.delete(name);
      }
    }
    for (const [name, entry] of wanted) {
      const path = posix.join(remoteDir, entry.path);
      const attributes = existing.get(name);
      if (entry.type === 'link') await remote.link(entry.target, path);
      else if (entry.type === 'directory') {
        if (attributes === undefined) await remote.makeDirectory(path);
        else if ((attributes.mode & 0o700) !== 0o700) await remote.setAttributes(path, 0o700, entry.mtime);
        await prepare(entry.path, attributes === undefined);
      } else if (
        attributes?.size !== entry.size ||
        attributes.mtime !== entry.mtime ||
        (attributes.mode & 0o7777) !== entry.mode
      ) {
        toSend.push(entry);
      }
    }
  };
  await prepare('', false);

  const total = toSend.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const queue = toSend.values();
  const worker = async (): Promise<void> => {
    for (const entry of queue) {
      options.signal?.throwIfAborted();
      const path = posix.join(remoteDir, entry.path);
      await remote.upload(join(localDir, entry.path), path, entry.mode, entry.mtime, (count) => {
        done += count;
        options.onProgress?.(Math.min(done, total), total);
      });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  // Last and from the inside out: a directory may be read-only, and its time changes with its contents.
  for (const entry of tree.toReversed()) {
    if (entry.type === 'directory') {
      await remote.setAttributes(posix.join(remoteDir, entry.path), entry.mode, entry.mtime);
    }
  }
  options.onProgress?.(total, total);
  return { files: toSend.length, bytes: total };
}

function groupByDirectory(tree: readonly TreeEntry[]): Map<string, Map<string, TreeEntry>> {
  const groups = new Map<string, Map<string, TreeEntry>>();
  for (const entry of tree) {
    if (entry.path === '') continue;
    const parent = posix.dirname(entry.path);
    const directory = parent === '.' ? '' : parent;
    const group = groups.get(directory) ?? new Map<string, TreeEntry>();
    groups.set(directory, group.set(posix.basename(entry.path), entry));
  }
  return groups;
}
