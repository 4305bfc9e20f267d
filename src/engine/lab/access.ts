import { type ClusterLook, lookAtCluster } from '../cluster/cluster-look.js';
import type { ClusterState } from '../cluster/cluster-state.js';
import { MayuClient, type MayuOptions } from '../cluster/mayu-client.js';
import type { MayuHost, OnProvisioner } from '../cluster/mayu-host.js';
import { NodeAddresses } from '../cluster/node-addresses.js';
import { namedByMachine, quorumWait } from '../cluster/quorum-wait.js';
import type { MachineConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import type { ExecResult } from '../exec.js';
import type { OperationOptions } from '../lab.js';
import type { SshRunOptions, SshTarget } from '../ssh/ssh.js';
import { provisionerOf } from './machines.js';
import type { LabParts } from './parts.js';
import type { SshPorts } from './ssh-port.js';
import { noAddress, sshTarget } from './targets.js';

/** Nothing has run on the machine when ssh fails so, and another address may help. */
const WRONG_ADDRESS: ReadonlySet<string> = new Set(['SSH_REFUSED', 'SSH_TIMEOUT', 'SSH_HOST_KEY']);
/** How long Mayu may take to answer when its answer would only be of help. */
const BRIEFLY = 6000;

export interface ClusterOptions extends OperationOptions {
  /** Nodes of which is told whether their sshd greets. */
  asked?: readonly MachineConfig[];
  /** Nodes that are left alone. */
  booting?: readonly MachineConfig[];
}

/** How machines are reached: the provisioner by its forwarded port, nodes behind it by the address that Mayu gave them. */
export class Access {
  readonly addresses: NodeAddresses;
  private readonly mayu: MayuClient;

  constructor(
    private readonly parts: LabParts,
    private readonly ports: SshPorts,
  ) {
    const { config, paths, provider } = parts;
    this.mayu = new MayuClient(provisionerOf(config), config.machines, (script, options) =>
      this.onProvisioner(script, options),
    );
    this.addresses = new NodeAddresses({
      labDirectory: paths.labDirectory,
      machines: config.machines,
      hosts: (options) => this.mayu.hosts(options),
      existing: async () => {
        const states = await provider.states(config.machines.map(({ name }) => name));
        return new Set([...states].filter(([, state]) => state !== 'not_created').map(([name]) => name));
      },
    });
  }

  /** Mayu's hosts. Rejects as MayuClient.hosts does. */
  hosts(options: MayuOptions = {}): Promise<MayuHost[]> {
    return this.addresses.ask(options);
  }

  /** Where ssh of a machine is; Mayu is asked for an address that is not known yet. Rejects with LabError SSH_NO_ADDRESS. */
  async target(machine: MachineConfig, signal?: AbortSignal): Promise<SshTarget> {
    const known = await this.knownTarget(machine);
    if (known !== undefined) return known;
    let why: LabError | undefined;
    await this.ask(signal).catch((error: unknown) => {
      if (!(error instanceof LabError)) throw error;
      why = error;
    });
    const found = await this.knownTarget(machine);
    if (found === undefined) throw noAddress(machine.name, why);
    return found;
  }

  /** Where ssh of a machine is, as far as it is known without asking Mayu. */
  async knownTarget(machine: MachineConfig): Promise<SshTarget | undefined> {
    const ip = await this.addresses.known(machine);
    return ip === undefined ? undefined : sshTarget(this.parts, this.ports, { ...machine, ip });
  }

  /** Of all machines whose address is known; Mayu is asked where one that runs has none. */
  async targets(): Promise<SshTarget[]> {
    const { config, provider } = this.parts;
    const states = await provider.states(config.machines.map(({ name }) => name));
    const all = () => Promise.all(config.machines.map((machine) => this.knownTarget(machine)));
    const first = await all();
    const missing = config.machines.some(({ name }, index) => !first[index] && states.get(name) === 'running');
    if (missing) await this.ask().catch(() => undefined);
    return (missing ? await all() : first).filter((target) => target !== undefined);
  }

  /** An open shell cannot be moved to another address, so where Mayu answers it is asked before. */
  async shell(machine: MachineConfig): Promise<{ program: string; args: string[] }> {
    if (machine.role === 'node') await this.ask().catch(() => undefined);
    return this.parts.ssh.command(await this.target(machine));
  }

  /** Runs a script on a machine; a node that does not answer where it was is looked for once more. */
  async exec(machine: MachineConfig, script: string, options: SshRunOptions = {}): Promise<ExecResult> {
    return this.reached(machine, (target) => this.parts.ssh.script(target, script, options), options.signal);
  }

  /** Does something over ssh; when a node does not answer at its address and Mayu tells another one, once more there. */
  async reached<T>(machine: MachineConfig, work: (target: SshTarget) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const target = await this.target(machine, signal);
    try {
      return await work(target);
    } catch (error) {
      const moved = machine.role === 'node' && error instanceof LabError && WRONG_ADDRESS.has(error.code);
      if (!moved) throw error;
      await this.ask(signal).catch(() => undefined);
      signal?.throwIfAborted();
      const again = await this.knownTarget(machine);
      if (again === undefined || again.host === target.host) throw error;
      return work(again);
    }
  }

  /** How Mayu and etcd are. Never starts or changes anything, and rejects only with the signal's reason. */
  async cluster(options: ClusterOptions = {}): Promise<ClusterLook> {
    const { asked = [], booting = [], signal } = options;
    const { config, provider } = this.parts;
    const states = await provider.states(config.machines.map(({ name }) => name));
    const running = config.machines.filter(({ name, role }) => role === 'node' && states.get(name) === 'running');
    const members = running.filter(({ name }) => !booting.some((node) => node.name === name));
    const questions = {
      provisioner: provisionerOf(config).ip ?? '127.0.0.1',
      etcd: await this.known(members),
      ssh: await this.known(asked),
    };
    const run: OnProvisioner = (script, options) => this.onProvisioner(script, options);
    const look = await lookAtCluster(run, this.mayu, questions, signal);
    if (look.hosts !== undefined) await this.addresses.record(look.hosts);
    // Mayu has told addresses just now: there is more to ask.
    const more = (await this.known(members)).length > questions.etcd.length;
    if (more && !signal?.aborted) return this.cluster(options);
    return { ...look, state: await this.inTheLab(look.state, running) };
  }

  /** What only the lab knows of its cluster: whose members they are, and which machines it lacks. */
  private async inTheLab(state: ClusterState, running: readonly MachineConfig[]): Promise<ClusterState> {
    const nodes = this.parts.config.machines.filter(({ role }) => role === 'node');
    const names = new Map<string, string>();
    for (const node of nodes) {
      const address = await this.addresses.known(node);
      if (address !== undefined) names.set(address, node.name);
    }
    const named = { ...state, etcd: namedByMachine(state.etcd, names) };
    const waits = quorumWait(
      named,
      nodes.map((node) => ({ name: node.name, added: node.added === true, running: running.includes(node) })),
    );
    return waits === undefined ? named : { ...named, etcd: { ...named.etcd, waits } };
  }

  private async known(machines: readonly MachineConfig[]): Promise<string[]> {
    const addresses = await Promise.all(machines.map((machine) => this.addresses.known(machine)));
    return addresses.filter((address) => address !== undefined);
  }

  /** Runs a script on the provisioner, kept out of the command log. Rejects with LabError PROVISIONER_OFF, or as ssh does. */
  async onProvisioner(script: string, options: { signal?: AbortSignal; timeout: number }) {
    const provisioner = provisionerOf(this.parts.config);
    if (!(await this.provisionerRuns())) throw provisionerOff(provisioner.name);
    // An emulated provisioner that boots, or installs others, takes its time.
    const timeout = options.timeout * Math.min((await this.parts.provider.probe()).slowness, 4);
    const target = await sshTarget(this.parts, this.ports, provisioner);
    return this.parts.ssh.script(target, script, { ...options, timeout, quiet: true });
  }

  async provisionerRuns(): Promise<boolean> {
    const { name } = provisionerOf(this.parts.config);
    return (await this.parts.provider.states([name])).get(name) === 'running';
  }

  private async ask(signal?: AbortSignal): Promise<void> {
    await this.addresses.ask({ timeout: BRIEFLY, ...(signal && { signal }) });
  }
}

function provisionerOff(name: string): LabError {
  return new LabError({
    code: 'PROVISIONER_OFF',
    message: `${name} does not run. Mayu lives on it, and nodes are reached through it.`,
    remedy: [`Start it: coreos-lab up ${name}`],
    machine: name,
  });
}
