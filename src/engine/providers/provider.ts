import type { Duplex } from 'node:stream';
import type { PowerState } from '../events.js';

/** What the provider must build, with every path and number resolved. */
export interface MachineSpec {
  name: string;
  role: 'provisioner' | 'node';
  memoryMiB: number;
  cpus: number;
  /** Boot disk: `base` set = copy-on-write over that read-only image, undefined = blank disk of `sizeGiB`. */
  disk: { base?: string; sizeGiB: number };
  /** Private network card, on the switch; `mac` as aa:bb:cc:dd:ee:ff. */
  privateNic: { mac: string };
  /** NAT card with a forward from 127.0.0.1:`sshPort` to port 22; only the provisioner has one. */
  uplink?: { mac: string; sshPort: number };
  /** SMBIOS system serial; Mayu keys hosts on it. */
  serial: string;
  uuid: string;
  /** File with the Ignition config handed over by fw_cfg or the provider's counterpart. */
  ignitionFile?: string;
  /** Extra kernel/firmware facts the provider may need later; none today. */
  bootOrder: readonly ('disk' | 'net')[];
}

export interface ProviderReport {
  usable: boolean;
  version?: string;
  /** e.g. 'kvm', 'hvf', 'tcg'. */
  accelerator?: string;
  /** Factor for time-outs: 1 with hardware acceleration, 4 or more without. */
  slowness: number;
  /** More about it for the doctor, such as where its program is. */
  detail?: string;
  /** Why it is not usable, with remedies; or warnings when usable. */
  problems: { code: string; message: string; remedy: string[] }[];
}

export interface ProviderCapabilities {
  /** save/restore keep memory of running machines. */
  liveSnapshots: boolean;
  screenshot: boolean;
  linkControl: boolean;
  /** The wire (all private frames) is recorded. */
  wire: boolean;
  /** By this address a machine with an uplink reaches what listens on this computer's 127.0.0.1; undefined where it cannot. */
  loopback?: string;
}

/** Serial console of a machine. `logFile` grows for the machine's life; it survives restarts of this process. */
export interface ConsoleHandle {
  logFile: string;
  /** Opens the two-way stream; rejects with LabError when the machine is not running. */
  attach(): Promise<Duplex>;
}

export interface StartOptions {
  signal?: AbortSignal;
}

/**
 * A hypervisor driver. Every method is idempotent: create on a complete machine, start on a running one, powerOff on a
 * stopped one and destroy on a missing one succeed and change nothing; an interrupted call completes when repeated.
 * All reject with LabError. A provider never touches a machine it did not create.
 */
export interface Provider {
  readonly name: 'qemu' | 'virtualbox';
  readonly capabilities: ProviderCapabilities;
  /** Looks for the hypervisor, its version and a working accelerator; never throws, the verdict is cached per host. */
  probe(options?: { fresh?: boolean; signal?: AbortSignal }): Promise<ProviderReport>;
  create(spec: MachineSpec, options?: StartOptions): Promise<void>;
  /** Powers on. Resolves when the virtual CPU runs, not when the guest is up. Errors carry the hypervisor's own words. */
  start(spec: MachineSpec, options?: StartOptions): Promise<void>;
  /** ACPI power button, waits until off; rejects with SHUTDOWN_TIMEOUT (the machine keeps running). */
  shutdown(name: string, options: { timeout: number; signal?: AbortSignal }): Promise<void>;
  powerOff(name: string): Promise<void>;
  reset(name: string): Promise<void>;
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** Removes the machine and its files, running or not. Leaves nothing behind. */
  destroy(name: string): Promise<void>;
  /** Power states of all the named machines in one or two cheap calls; never starts or repairs anything. */
  states(names: readonly string[]): Promise<Map<string, PowerState>>;
  console(name: string): ConsoleHandle;
  /** Plugs (true) or pulls (false) the cable of the private card. */
  link(name: string, up: boolean): Promise<void>;
  /** Saves a consistent group: all machines are stopped first, saved, then resumed if they ran. */
  save(names: readonly string[], savepoint: string, options?: StartOptions): Promise<void>;
  /** Restores the group as saved: running machines run again. */
  restore(specs: readonly MachineSpec[], savepoint: string, options?: StartOptions): Promise<void>;
  discard(names: readonly string[], savepoint: string): Promise<void>;
  /** `gone`: machines that a savepoint held and that were destroyed since. */
  savepoints(
    names: readonly string[],
  ): Promise<{ name: string; time: number; machines: string[]; bytes: number; gone?: string[] }[]>;
  /** Writes a PNG of the graphics screen. */
  screenshot(name: string, file: string): Promise<void>;
  /** The native command lines for a verb, copyable, for lessons and the command log. */
  native(verb: 'create' | 'start' | 'shutdown' | 'powerOff' | 'reset' | 'destroy', spec: MachineSpec): string[];
}
