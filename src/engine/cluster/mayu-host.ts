import type { SshResult } from '../ssh/ssh.js';

/** A machine as Mayu knows it. What Mayu leaves out or has not filled in yet is undefined. */
export interface MayuHost {
  /** SMBIOS serial in lower case, as Mayu keeps it. */
  serial: string;
  /** Name of the lab's machine with this serial; undefined when the lab has none. */
  machine?: string;
  /** The address that its system has or will have. */
  ip?: string;
  /** unknown, configured, installing or running. */
  state: string;
  id?: number;
  enabled: boolean;
  macs: string[];
  hostname?: string;
  machineId?: string;
  profile?: string;
  providerId?: string;
  ipmi?: string;
  etcdToken?: string;
  /** Version of the operating system that it last reported. */
  version?: string;
  /** Milliseconds since the epoch. */
  lastBoot?: number;
}

/** Runs a script on the provisioner, quietly. Rejects with LabError when the provisioner is off or does not answer. */
export type OnProvisioner = (
  script: string,
  options: { signal?: AbortSignal; timeout: number },
) => Promise<Pick<SshResult, 'exitCode' | 'stdout' | 'stderr' | 'timedOut'>>;
