import type { MachineConfig } from '../config/lab-config.js';
import type { LabParts } from './parts.js';

/** How a machine comes up: installed over the network first, or from its disk. */
export type Way = 'install' | 'boot';

/** How long machines of this lab usually take, on this computer. */
export class BootTimes {
  constructor(private readonly parts: Pick<LabParts, 'config' | 'provider' | 'timings'>) {}

  /** Under which a wait for ssh is remembered. */
  async ssh(machine: string, way: Way): Promise<string> {
    const { config, provider } = this.parts;
    const { accelerator = 'native' } = await provider.probe();
    return `${way}:${provider.name}:${accelerator}:${config.image.name}:${machine}`;
  }

  /** From power-on until a node does what it is for. */
  async running(machine: string, way: Way): Promise<number | undefined> {
    if (!this.isNode(machine)) return undefined;
    return this.parts.timings.usual(`running:${await this.ssh(machine, way)}`);
  }

  async recordRunning(machine: string, way: Way, duration: number): Promise<void> {
    if (this.isNode(machine)) await this.parts.timings.record(`running:${await this.ssh(machine, way)}`, duration);
  }

  private isNode(machine: string): boolean {
    return (
      this.parts.config.machines.find(({ name }) => name === machine)?.role === ('node' satisfies MachineConfig['role'])
    );
  }
}
