import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SFTPWrapper } from 'ssh2';
import { LabError } from '../errors.js';
import type { Exec } from '../exec.js';
import { abortable } from './abortable.js';
import type { ConfigFiles } from './config-files.js';
import type { Connection } from './connection.js';
import { readTree } from './local-tree.js';
import type { ConnectionPool } from './pool.js';
import { shellQuote } from './quote.js';
import { openSession } from './session.js';
import { SftpFiles } from './sftp-files.js';
import type { PutOptions, Ssh, SshTarget } from './ssh.js';
import { copyFailed, lost } from './ssh-errors.js';
import { type SyncOptions, syncByRsync } from './sync-rsync.js';
import { syncBySftp } from './sync-sftp.js';

export interface CopyTools {
  exec: Exec;
  pool: ConnectionPool;
  files: ConfigFiles;
  script: Ssh['script'];
}

/** See Ssh.sync. */
export async function sync(
  tools: CopyTools,
  target: SshTarget,
  localDir: string,
  remoteDir: string,
  options: SyncOptions = {},
): Promise<{ method: 'rsync' | 'sftp'; files: number; bytes: number }> {
  const local = resolve(localDir);
  const remote = remotePath(remoteDir);
  const tree = await readTree(local);
  const total = tree.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
  const here = await Promise.all(['rsync', 'ssh'].map((program) => tools.exec.which(program)));
  const there = await prepareRemote(tools, target, remote, options.signal);
  if (there && here.every((program) => program !== undefined)) {
    const config = tools.files.write(target);
    const done = await syncByRsync(tools.exec, config, target, local, remote, total, options);
    if (done !== undefined) return { method: 'rsync', ...done };
  }
  const what = `Copying ${local} to ${remote} by sftp`;
  const done = await withSftp(tools.pool, target, what, options.signal, (sftp) =>
    syncBySftp(sftp, tree, local, remote, options),
  );
  return { method: 'sftp', ...done };
}

/** See Ssh.put. */
export async function put(
  tools: CopyTools,
  target: SshTarget,
  localFile: string,
  remoteFile: string,
  { mode, signal, onBytes }: PutOptions = {},
): Promise<void> {
  const stats = await stat(localFile).catch((cause) => {
    throw new LabError({
      code: 'COPY_SOURCE',
      message: `The file ${localFile} cannot be sent to ${target.machine}: ${cause.code}.`,
      remedy: [`Check that it is there: ls -l ${localFile}`],
      cause,
      exitCode: 2,
    });
  });
  const remote = remotePath(remoteFile);
  let done = 0;
  const count = (bytes: number) => {
    done += bytes;
    onBytes?.(done);
  };
  const time = Math.floor(stats.mtimeMs / 1000);
  await withSftp(tools.pool, target, `Copying ${localFile} to ${remote}`, signal, (sftp) =>
    new SftpFiles(sftp).upload(localFile, remote, mode ?? stats.mode & 0o7777, time, count),
  );
}

/** Makes the folder; resolves with whether rsync is there. */
async function prepareRemote(
  tools: CopyTools,
  target: SshTarget,
  remote: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const script = `mkdir -p -- ${shellQuote(remote)}\nif command -v rsync > /dev/null; then echo rsync; fi\n`;
  const result = await tools.script(target, script, { quiet: true, ...(signal === undefined ? {} : { signal }) });
  if (result.exitCode !== 0) {
    const evidence = result.stderr.trim().split('\n').slice(-20);
    throw copyFailed(target, `Making the folder ${remote}`, { why: evidence.at(-1) ?? '', evidence });
  }
  return result.stdout.includes('rsync');
}

async function withSftp<T>(
  pool: ConnectionPool,
  target: SshTarget,
  what: string,
  signal: AbortSignal | undefined,
  work: (sftp: SFTPWrapper) => Promise<T>,
): Promise<T> {
  const started = Date.now();
  const open = (connection: Connection) => connection.sftp();
  const { connection, handle, release } = await openSession(pool, target, open, { signal });
  // ssh2 forgets requests that wait when the connection breaks: without this they would wait for ever.
  let onClose = () => {};
  const broken = new Promise<never>((_, reject) => {
    onClose = () => reject(lost(target, Date.now() - started, connection.why));
    connection.client.once('close', onClose);
  });
  broken.catch(() => {});
  handle.on('error', () => {});
  try {
    if (!connection.alive) onClose();
    return await abortable(Promise.race([work(handle), broken]), signal);
  } catch (error) {
    if (error instanceof LabError || signal?.aborted) throw error;
    throw copyFailed(target, what, { why: (error as Error).message, cause: error });
  } finally {
    connection.client.off('close', onClose);
    handle.end();
    release();
  }
}

/** Both rsync and sftp start at the home folder; neither knows the shell's ~. */
function remotePath(path: string): string {
  const relative = path.replace(/^~(\/|$)/, '').replace(/(?<=.)\/+$/, '');
  return relative === '' ? '.' : relative;
}
