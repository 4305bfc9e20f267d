import type { ClusterState } from './cluster/cluster-state.js';
import type { MayuHost } from './cluster/mayu-host.js';
import type { LabConfig, MachineConfig } from './config/lab-config.js';
import type { BootStage, PowerState } from './events.js';
import type { ExecResult } from './exec.js';
import type { CachedImage, ImageFiles } from './images/image-store.js';
import type { BroughtContainer } from './lab/bring-container.js';
import type { GivenHosts } from './lab/mayu-hosts.js';
import type { SentImage } from './lab/send-image.js';
import type { SentUpdates } from './lab/send-updates.js';
import type { Wire } from './lab/wire-watch.js';
import type { ProviderChoice } from './providers/choose.js';
import type { ConsoleHandle, Provider, ProviderReport } from './providers/provider.js';
import type { SshRunOptions } from './ssh/ssh.js';
import type { UpdatesState } from './updates/updates-state.js';

/** One row of `status` and of the machines pane. */
export interface MachineStatus {
  name: string;
  role: MachineConfig['role'];
  state: PowerState;
  /** Fixed private address or the one Mayu gave, when known. */
  ip?: string;
  /** ssh answered within the last few seconds; undefined = not asked. */
  ssh?: boolean;
  /** Milliseconds since power-on, while running. */
  uptime?: number;
  stage?: BootStage;
  /** Not declared in lab.yaml: it can be removed from the lab. */
  added?: true;
}

export interface OperationOptions {
  signal?: AbortSignal;
}

export interface FetchImagesOptions extends OperationOptions {
  /** Everything that any lesson may want of it on any hypervisor, and the update; otherwise what machines are started from here. */
  all?: boolean;
  /** URL or directory to take releases from; otherwise as lab.yaml says. */
  mirror?: string | undefined;
  /** Ask the channels again, though the lab has a version already. */
  renew?: boolean;
}

export interface Savepoint {
  name: string;
  time: number;
  machines: string[];
  bytes: number;
  /** Machines that it held and that were destroyed since. */
  gone?: string[];
}

export type DoctorStatus = 'ok' | 'warning' | 'failed';

/** One line of the doctor: what was looked at, what was found, what to do. `fix` runs the remedy where we can. */
export interface DoctorItem {
  id: string;
  title: string;
  status: DoctorStatus;
  detail: string;
  remedy: string[];
  fix?: (options: OperationOptions) => Promise<void>;
}

/**
 * The declared machines and networks with their state: what lessons, commands and screens act on. All methods reject with
 * LabError, emit events while they work, take an AbortSignal and may be repeated. Machine names are checked.
 * An empty list of names means all machines.
 */
export interface Lab {
  readonly config: LabConfig;
  readonly provider: Provider;
  /** Why it is this provider. */
  readonly choice: ProviderChoice;
  /** State directory of this lab. */
  readonly directory: string;
  /** What was seen on the private network while machines were watched or waited for. */
  readonly wire: Wire;
  status(): Promise<MachineStatus[]>;
  probe(): Promise<ProviderReport>;
  /** Makes sure that the lab's image is in the cache: found there, else built or fetched, with `progress` events. */
  ensureImage(options?: OperationOptions): Promise<ImageFiles>;
  /** Fetches what is published of the lab's image and not in the cache, and keeps with the lab what its channels stand for. */
  fetchImages(options?: FetchImagesOptions): Promise<CachedImage[]>;
  /**
   * Create (if needed), start (staggered), and wait until ssh answers for machines that have an operating system or get one:
   * nodes that were installed, or all of them where Mayu runs.
   */
  up(names: readonly string[], options?: OperationOptions): Promise<void>;
  /** Only create and power on; do not wait for ssh. */
  start(names: readonly string[], options?: OperationOptions): Promise<void>;
  halt(names: readonly string[], options?: OperationOptions & { force?: boolean }): Promise<void>;
  reload(names: readonly string[], options?: OperationOptions): Promise<void>;
  reset(names: readonly string[], options?: OperationOptions): Promise<void>;
  destroy(names: readonly string[], options?: OperationOptions): Promise<void>;
  /**
   * One more node that lab.yaml does not declare, under this name or the next free one; it is not started. A machine that is
   * there already is left as it is. Rejects with NO_PLACE or BAD_MACHINE_NAME.
   */
  add(name?: string): Promise<MachineConfig>;
  /**
   * Destroys a machine that was added and forgets it, in Mayu's folders too where the provisioner runs. One that is not there is
   * no fault. Rejects with MACHINE_DECLARED for machines of lab.yaml.
   */
  remove(name: string, options?: OperationOptions): Promise<void>;
  /** Waits for a condition of each machine, with `wait` events. */
  wait(
    names: readonly string[],
    condition: 'ssh' | 'off' | 'running',
    options?: OperationOptions & { timeout?: number },
  ): Promise<void>;
  /** Copies provision/ and the shared folder to the provisioner. */
  sync(names: readonly string[], options?: OperationOptions): Promise<void>;
  /** Makes sure that the provisioner has Mayu's container image: from the cache, built here, or pulled there. */
  fetchMayu(options?: OperationOptions): Promise<BroughtContainer>;
  /** Makes sure that the provisioner has the update server's container image: from the cache, or built here. */
  fetchUpdateServer(options?: OperationOptions): Promise<BroughtContainer>;
  /** Brings the payloads that machines are updated by to the provisioner; verified there by SHA-256. */
  sendUpdates(options?: OperationOptions): Promise<SentUpdates>;
  /** Brings the image's files for network boot to the provisioner, where Mayu gives them out; verified there by SHA-256. */
  sendImage(options?: OperationOptions): Promise<SentImage>;
  /** Gives Mayu host name and host keys of every declared node, by serial. */
  writeMayuHosts(options?: OperationOptions): Promise<GivenHosts>;
  /** Runs a script over ssh. */
  exec(name: string, script: string, options?: SshRunOptions): Promise<ExecResult>;
  /** Argument list of the system's ssh for an interactive shell. */
  shell(name: string): Promise<{ program: string; args: string[] }>;
  /** Host blocks of the machines whose address is known; Mayu is asked for those of nodes that run. */
  sshConfig(): Promise<string>;
  /**
   * What Mayu knows of the machines that booted from it, by address. Rejects with MAYU_DOWN, MAYU_ANSWER or PROVISIONER_OFF.
   */
  mayuHosts(options?: OperationOptions): Promise<MayuHost[]>;
  /** How Mayu and the etcd of the nodes are; what cannot be asked is told as unknown. */
  cluster(options?: OperationOptions): Promise<ClusterState>;
  /** How far the nodes are with their updates, and who may restart; what cannot be asked is told so. */
  updates(options?: OperationOptions): Promise<UpdatesState>;
  console(name: string): ConsoleHandle;
  link(name: string, up: boolean): Promise<void>;
  save(savepoint: string, options?: OperationOptions): Promise<void>;
  restore(savepoint: string, options?: OperationOptions): Promise<void>;
  discard(savepoint: string): Promise<void>;
  savepoints(): Promise<Savepoint[]>;
  screenshot(name: string, file: string): Promise<void>;
  /** Environment variables that lesson scripts see ($PROVISIONER_IP, $MAYU_VERSION …). */
  variables(): Promise<Record<string, string>>;
  /** Hypervisor command lines for a verb on a machine, for display. */
  native(verb: 'up' | 'halt' | 'reload' | 'reset' | 'destroy', name: string): Promise<string[]>;
  doctor(options?: OperationOptions): Promise<DoctorItem[]>;
  /**
   * Polls states and follows consoles and the wire, emitting machine, stage, console, cluster and updates events, until the returned function is
   * called.
   */
  watch(): () => Promise<void>;
  close(): Promise<void>;
}
