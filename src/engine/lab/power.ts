import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MachineConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import type { PowerState } from '../events.js';
import { ensureLabKeys } from '../keys/keys.js';
import type { OperationOptions } from '../lab.js';
import type { MachineSpec, ProviderReport } from '../providers/provider.js';
import type { Access } from './access.js';
import type { Boots } from './boots.js';
import type { ConsoleWatch } from './console-watch.js';
import { selectMachines } from './machines.js';
import type { LabParts } from './parts.js';
import { checkRoom } from './room.js';
import { machineSpec, requireImage, writeIgnition } from './specs.js';
import type { SshPorts } from './ssh-port.js';

/** A halt that takes longer than this, times the host's slowness, ends in a power-off. */
const HALT_TIMEOUT = 20_000;

/** Between two power-ons, in milliseconds: hypervisors start one after the other, and people see who is first. */
const STAGGER = 250;

export interface PowerParts extends LabParts {
  boots: Boots;
  consoles: ConsoleWatch;
  ports: SshPorts;
  access: Access;
  usableProvider(signal?: AbortSignal): Promise<ProviderReport>;
}

/** Power of machines: create, start, halt, reset, destroy. */
export class Power {
  constructor(private readonly parts: PowerParts) {}

  async states(machines: readonly MachineConfig[]): Promise<Map<string, PowerState>> {
    return this.parts.provider.states(machines.map(({ name }) => name));
  }

  /** Creates and powers on what does not run yet: together, each a little after the one before. */
  async start(names: readonly string[], { signal }: OperationOptions = {}): Promise<void> {
    const { config, provider } = this.parts;
    const machines = selectMachines(config, names);
    const report = await this.parts.usableProvider(signal);
    const states = await this.states(machines);
    const idle = machines.filter(({ name }) => states.get(name) !== 'running');
    const image = machines.some(({ role }) => role === 'provisioner') ? await requireImage(this.parts) : undefined;
    const off = idle.filter(({ name }) => !['paused', 'starting'].includes(states.get(name) ?? ''));
    await checkRoom(off, report);
    const results = await Promise.allSettled(
      machines.map(async (machine) => {
        signal?.throwIfAborted();
        const turn = idle.indexOf(machine);
        const running = turn < 0;
        const spec = await this.spec(machine, image?.disk, running);
        // A running machine is started too: the provider repairs what it needs around it, such as the switch.
        if (running) return provider.start(spec, { ...(signal && { signal }) });
        if (turn > 0) await sleep(STAGGER * turn, undefined, { ...(signal && { signal }) });
        return this.powerOn(spec, signal);
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    signal?.throwIfAborted();
    if (failed !== undefined) throw failed.reason;
  }

  async halt(names: readonly string[], options: OperationOptions & { force?: boolean } = {}): Promise<void> {
    const { config, provider, events } = this.parts;
    const machines = selectMachines(config, names);
    const states = await this.states(machines);
    const running = machines.filter(({ name }) => ['running', 'paused', 'starting'].includes(states.get(name) ?? ''));
    const { slowness } = await provider.probe();
    await all(running, async ({ name }) => {
      events.emit({ type: 'machine', machine: name, state: 'stopping' });
      try {
        if (options.force) await provider.powerOff(name);
        else
          await this.shutDown(
            name,
            HALT_TIMEOUT * Math.min(slowness, 3),
            states.get(name) === 'paused',
            options.signal,
          );
      } catch (error) {
        await this.tellState(name, states.get(name) ?? 'running');
        throw error;
      }
      events.emit({ type: 'machine', machine: name, state: 'poweroff' });
    });
  }

  async reset(names: readonly string[]): Promise<void> {
    await all(selectMachines(this.parts.config, names), async ({ name }) => {
      await this.parts.provider.reset(name);
      await this.begin(name);
    });
  }

  async destroy(names: readonly string[]): Promise<void> {
    await all(selectMachines(this.parts.config, names), async ({ name }) => {
      await this.parts.provider.destroy(name);
      this.parts.events.emit({ type: 'machine', machine: name, state: 'not_created' });
      await this.parts.access.addresses.forget(name);
    });
  }

  /** The spec of a machine as it is or will be started. */
  async spec(machine: MachineConfig, image?: string, running = false): Promise<MachineSpec> {
    if (machine.role !== 'provisioner') return machineSpec(this.parts, machine);
    const { ports, paths, config } = this.parts;
    const sshPort = running ? await ports.current(machine) : await ports.choose(machine);
    const keys = await ensureLabKeys(
      join(paths.labDirectory, 'keys'),
      config.machines.map(({ name }) => name),
    );
    const ignitionFile = await writeIgnition(this.parts, machine.name, keys);
    return machineSpec(this.parts, machine, { sshPort, ignitionFile, ...(image === undefined ? {} : { image }) });
  }

  private async powerOn(spec: MachineSpec, signal: AbortSignal | undefined): Promise<void> {
    const { provider, events } = this.parts;
    const options = signal === undefined ? {} : { signal };
    events.emit({ type: 'machine', machine: spec.name, state: 'starting' });
    try {
      await provider.create(spec, options);
      await this.begin(spec.name);
      await provider.start(spec, options);
    } catch (error) {
      await this.tellState(spec.name, 'poweroff');
      throw error;
    }
    events.emit({ type: 'machine', machine: spec.name, state: 'running' });
  }

  /** The state that a machine is in after something failed; `otherwise` where that cannot be read. */
  private async tellState(machine: string, otherwise: PowerState): Promise<void> {
    const { provider, events } = this.parts;
    const states = await provider.states([machine]).catch(() => new Map<string, PowerState>());
    events.emit({ type: 'machine', machine, state: states.get(machine) ?? otherwise });
  }

  private async begin(machine: string): Promise<void> {
    const { boots, consoles, provider } = this.parts;
    await boots.begin(machine, provider.console(machine).logFile);
    await consoles.reach(machine, 'power-on');
  }

  private async shutDown(
    name: string,
    timeout: number,
    paused: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { provider, events } = this.parts;
    try {
      if (paused) await provider.resume(name);
      await provider.shutdown(name, { timeout, ...(signal && { signal }) });
    } catch (error) {
      if (!(error instanceof LabError) || error.code !== 'SHUTDOWN_TIMEOUT') throw error;
      const text = `${name} did not react to the power button within ${timeout / 1000} s: its power is cut.`;
      events.emit({ type: 'notice', level: 'warning', text });
      await provider.powerOff(name);
    }
  }
}

/** Does the work for all machines side by side, then throws the first error, if any. */
async function all(machines: readonly MachineConfig[], work: (machine: MachineConfig) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(machines.map(work));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
