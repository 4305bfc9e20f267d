import type { ExecResult } from '../exec.js';

export interface SshTarget {
  machine: string;
  /** Where to dial: a forwarded loopback port, or the private address through `via`. */
  host: string;
  port: number;
  user: string;
  privateKeyFile: string;
  /** The only accepted host key, as in known_hosts: `ssh-ed25519 AAAA…`. */
  hostKey: string;
  /** Jump host. */
  via?: SshTarget;
}

export interface SshRunOptions {
  env?: Record<string, string>;
  timeout?: number;
  signal?: AbortSignal;
  onStdout?: (chunk: Buffer) => void;
  onStderr?: (chunk: Buffer) => void;
  maxBuffer?: number;
  input?: string;
  /** Keep out of the command log. */
  quiet?: boolean;
  /** What the command log shows instead of the raw line. */
  label?: string;
}

export interface PutOptions {
  /** Default: that of the local file. */
  mode?: number;
  signal?: AbortSignal;
  onBytes?: (done: number) => void;
}

export interface SshResult extends ExecResult {
  /** Name of the signal that ended the remote script, such as SIGKILL; exitCode is null then. */
  signal?: string;
}

/** One verified, kept-alive connection per target; re-dialled when it dropped. All methods reject with LabError. */
export interface Ssh {
  /**
   * Runs a script by bash with -euo pipefail on the machine, as the user would type it; `input` is the script's own standard
   * input. Aborting ends the remote session (SIGTERM, SIGKILL after 3 s, with sudo where needed) and rejects with the
   * signal's reason; a time-out does the same and resolves with `timedOut`. A background process that the script leaves
   * behind lives on and does not hold the result up.
   */
  script(target: SshTarget, script: string, options?: SshRunOptions): Promise<SshResult>;
  /** Tries once: can we log in and run `true`? `reason` says why not. */
  ready(
    target: SshTarget,
    options?: { timeout?: number; signal?: AbortSignal },
  ): Promise<{ ok: boolean; reason?: string }>;
  /** Copies a local folder's contents to a remote folder: rsync where both ends have it, sftp otherwise. Returns what was used. */
  sync(
    target: SshTarget,
    localDir: string,
    remoteDir: string,
    options?: { delete?: boolean; signal?: AbortSignal; onProgress?: (done: number, total: number) => void },
  ): Promise<{ method: 'rsync' | 'sftp'; files: number; bytes: number }>;
  /** Uploads one file; it has its name when it is whole. */
  put(target: SshTarget, localFile: string, remoteFile: string, options?: PutOptions): Promise<void>;
  /** Argument list for the system's ssh (interactive shells), using only the lab's own config and keys. */
  command(target: SshTarget, remote?: readonly string[]): { program: string; args: string[] };
  /** Blocks for ~/.ssh/config: one Host per target, jump hosts included. */
  config(targets: readonly SshTarget[]): string;
  /** Ends all connections; the next command dials again. For machines whose memory was exchanged (savepoints). */
  drop(): Promise<void>;
  close(): Promise<void>;
}
