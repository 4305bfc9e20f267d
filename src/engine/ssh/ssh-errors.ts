import { isAbort, LabError, type LabErrorFields } from '../errors.js';
import type { SshTarget } from './ssh.js';

/** e.g. `core-01 (192.168.2.21:22, through core-provisioner)` */
export function describeTarget({ machine, host, port, via }: SshTarget): string {
  return `${machine} (${host}:${port}${via === undefined ? '' : `, through ${via.machine}`})`;
}

type Detail = { why?: string; cause?: unknown; evidence?: string[] };

function sshError(target: SshTarget, fields: Omit<LabErrorFields, 'machine'>, { why, cause, evidence }: Detail = {}) {
  return new LabError({
    ...fields,
    machine: target.machine,
    ...(why === undefined ? {} : { why }),
    ...(cause === undefined ? {} : { cause }),
    ...(evidence === undefined ? {} : { evidence }),
  });
}

export function refused(target: SshTarget, detail: Detail = {}): LabError {
  const message = `Nobody answers ssh on ${describeTarget(target)}.`;
  const remedy = [
    `See whether it runs and how far it has booted: coreos-lab status, coreos-lab console ${target.machine}`,
    `Wait for it: coreos-lab up ${target.machine}`,
    `Start it anew: coreos-lab reload ${target.machine}`,
  ];
  return sshError(target, { code: 'SSH_REFUSED', message, remedy }, detail);
}

export function timedOut(target: SshTarget, milliseconds: number, detail: Detail = {}): LabError {
  const message = `${describeTarget(target)} did not answer ssh within ${seconds(milliseconds)}.`;
  const remedy = [
    `See what the machine does: coreos-lab console ${target.machine}`,
    'On a busy computer, wait and run the step again.',
    `Start it anew: coreos-lab reload ${target.machine}`,
  ];
  return sshError(target, { code: 'SSH_TIMEOUT', message, remedy }, detail);
}

export function authRefused(target: SshTarget, detail: Detail = {}): LabError {
  const message = `${describeTarget(target)} does not accept the lab's key ${target.privateKeyFile} for user ${target.user}.`;
  const remedy = [
    'A machine learns the key at its first boot. If the keys were made anew since, make the machine anew too: ' +
      `coreos-lab destroy ${target.machine}, then coreos-lab up ${target.machine}`,
    `If this is its first boot, look for Ignition's messages: coreos-lab console ${target.machine}`,
  ];
  return sshError(target, { code: 'SSH_AUTH', message, remedy }, detail);
}

export function hostKeyMismatch(target: SshTarget, detail: Detail = {}): LabError {
  const message = `What answers as ${describeTarget(target)} does not have the host key that the lab gave ${target.machine}.`;
  const remedy = [
    `Another program or another lab may use the port ${target.port}: set sshPort: 0 in lab.yaml and reload the machine.`,
    'If Ignition did not run (see the console), or keys were made anew, make the machine anew: ' +
      `coreos-lab destroy ${target.machine}, then coreos-lab up ${target.machine}`,
  ];
  const why = 'The connection was ended before anything was sent, since it may be a different machine.';
  return sshError(target, { code: 'SSH_HOST_KEY', message, remedy }, { why, ...detail });
}

/** `elapsed`: milliseconds since the command began. */
export function lost(target: SshTarget, elapsed: number, detail: Detail = {}): LabError {
  const message = `The ssh connection to ${describeTarget(target)} broke ${seconds(elapsed)} after the command began.`;
  const remedy = [
    'The command may have been done in part. Look at the machine, then run the step again.',
    `See whether it runs: coreos-lab status, coreos-lab console ${target.machine}`,
  ];
  return sshError(target, { code: 'SSH_LOST', message, remedy }, detail);
}

/** For requests that an open connection turns down: no channel, no sftp. */
export function channelRefused(target: SshTarget, what: string, detail: Detail = {}): LabError {
  const message = `${describeTarget(target)} accepted the login but refused ${what}.`;
  const remedy = [
    `Look for sshd's reason: coreos-lab exec ${target.machine} 'sudo journalctl -u ssh* -n 20'`,
    `Start it anew: coreos-lab reload ${target.machine}`,
  ];
  return sshError(target, { code: 'SSH_CHANNEL', message, remedy }, detail);
}

export function copyFailed(target: SshTarget, what: string, detail: Detail = {}): LabError {
  const message = `${what} on ${target.machine} failed.`;
  const remedy = [
    `Check space and permissions there: coreos-lab exec ${target.machine} 'df -h ~; ls -ld ~'`,
    'Then run the same command again: what arrived is not sent twice.',
  ];
  return sshError(target, { code: 'COPY_FAILED', message, remedy }, detail);
}

/** Sorts what ssh2 reports while it connects into the catalogue; what is in it already, and aborts, stay as they are. */
export function connectError(target: SshTarget, error: unknown, timeout: number): unknown {
  if (error instanceof LabError || isAbort(error)) return error;
  const { level, code, message } = error as { level?: string; code?: string; message: string };
  const detail = { why: `ssh says: ${message}`, cause: error };
  if (level === 'client-authentication') return authRefused(target, detail);
  if (/no matching host key/i.test(message)) return hostKeyMismatch(target, detail);
  if (level === 'client-timeout' || code === 'ETIMEDOUT') return timedOut(target, timeout, detail);
  return refused(target, detail);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
