import { digestOf } from '../images/digest.js';
import { Progress } from '../images/progress.js';
import type { OperationOptions } from '../lab.js';
import type { SshTarget } from '../ssh/ssh.js';
import { asRoot, scriptFailed } from './as-root.js';
import { handOver } from './hand-over.js';
import type { LabParts } from './parts.js';
import { arrivedDamaged, damagedHere, noRoom } from './send-errors.js';
import { CANNOT_REACH, DAMAGED, LOOK, NO_ROOM, TAKE } from './send-scripts.js';

export interface FileToSend {
  /** What it is, in a sentence. */
  title: string;
  local: string;
  /** Absolute path on the machine; root's. */
  remote: string;
  sha256: string;
  bytes: number;
  /** How to make the local file anew, should it be damaged. */
  remake: string[];
}

/**
 * Brings a file to a machine, where it gets its name only after its SHA-256 was found right there: what is cut or damaged on its
 * way never replaces a whole file. One that is there already is not sent, one that was cut goes on where it ended. Resolves with
 * whether anything was sent. Rejects with LabError IMAGE_CORRUPT, NO_ROOM_THERE or REMOTE_FAILED, or of ssh.
 */
export async function sendFile(
  parts: Pick<LabParts, 'ssh' | 'events' | 'provider'>,
  target: SshTarget,
  file: FileToSend,
  { signal }: OperationOptions = {},
): Promise<boolean> {
  const { ssh } = parts;
  const env = { FILE: file.remote, SHA256: file.sha256, BYTES: String(file.bytes) };
  const look = await asRoot(ssh, target, { label: `sha256sum ${file.remote}`, script: LOOK, env, signal });
  if (look.exitCode !== 0) throw scriptFailed(target, `Looking at ${file.remote}`, look, []);
  if (look.stdout.trim() === 'same') return false;

  const progress = new Progress(
    parts.events,
    `send:${target.machine}:${file.remote}`,
    'bytes',
    file.bytes,
    Number(look.stdout),
  );
  const label = `Send ${file.title} to ${target.machine}`;
  progress.update(label, Number(look.stdout), true);
  const onBytes = (done: number) =>
    done < file.bytes ? progress.update(label, done) : progress.update(`${label}: checking it there`, done, true);
  let result = await byHttp(parts, target, file, env, onBytes, signal);
  if (result === undefined || result.exitCode === CANNOT_REACH) {
    const waiting = `/home/core/.sent-${file.sha256.slice(0, 12)}`;
    await ssh.put(target, file.local, waiting, { mode: 0o600, onBytes, ...(signal && { signal }) });
    result = await asRoot(ssh, target, {
      label: `install ${waiting} ${file.remote}`,
      script: TAKE,
      env: { ...env, SENT: waiting },
      signal,
    });
  }
  if (result.exitCode === DAMAGED) {
    const whole = (await digestOf('sha256', file.local, signal)) === file.sha256;
    throw whole ? arrivedDamaged(target, file) : damagedHere(file);
  }
  if (result.exitCode === NO_ROOM) throw noRoom(target, file, result.stderr);
  if (result.exitCode !== 0) {
    throw scriptFailed(target, `Fetching ${file.title}`, result, [
      'Run the command again: it goes on where it ended.',
      `Look at the machine: coreos-lab ssh ${target.machine}`,
    ]);
  }
  progress.finish(label);
  return true;
}

/** The machine fetches the file from this computer; undefined where its provider does not lead it here. */
async function byHttp(
  { provider, ssh }: Pick<LabParts, 'ssh' | 'provider'>,
  target: SshTarget,
  file: FileToSend,
  env: Record<string, string>,
  onBytes: (done: number) => void,
  signal: AbortSignal | undefined,
) {
  const { loopback } = provider.capabilities;
  if (loopback === undefined || target.via !== undefined) return undefined;
  const offered = await handOver(file.local, onBytes);
  const url = `http://${loopback}:${offered.port}${offered.path}`;
  try {
    return await asRoot(ssh, target, {
      label: `curl -o ${file.remote} ${url}`,
      script: TAKE,
      env: { ...env, URL: url },
      signal,
    });
  } finally {
    await offered.close();
  }
}
