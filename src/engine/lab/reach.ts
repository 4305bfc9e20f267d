import type { MachineConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import type { OperationOptions } from '../lab.js';
import { lastConsoleLines } from './evidence.js';
import type { PowerParts } from './power.js';
import { sshTarget } from './targets.js';
import { stoppedMeanwhile, waitFor } from './wait.js';

export type Condition = 'ssh' | 'off' | 'running';

/** A boot may take this long, times the host's slowness. */
const BOOT_TIMEOUT = 75_000;

/** Waits until machines are in a condition. */
export class Reach {
  constructor(private readonly parts: PowerParts) {}

  async wait(
    machines: readonly MachineConfig[],
    condition: Condition,
    options: OperationOptions & { timeout?: number } = {},
  ): Promise<void> {
    const { slowness } = await this.parts.provider.probe();
    const timeout = options.timeout ?? BOOT_TIMEOUT * slowness;
    const results = await Promise.allSettled(
      machines.map((machine, index) => {
        const count = machines.length > 1 ? ` (${index + 1} of ${machines.length})` : '';
        return this.waitOne(machine, condition, count, timeout, options.signal);
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** One quick try. */
  async sshAnswers(machine: MachineConfig, timeout = 4000): Promise<boolean> {
    try {
      const target = await sshTarget(this.parts, this.parts.ports, machine);
      return (await this.parts.ssh.ready(target, { timeout })).ok;
    } catch {
      return false;
    }
  }

  private async waitOne(
    machine: MachineConfig,
    condition: Condition,
    count: string,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { provider, consoles, events, timings, config } = this.parts;
    const { name } = machine;
    const endFollowing = await consoles.follow(name);
    const { accelerator = 'native' } = await provider.probe();
    const { logFile } = provider.console(name);
    let lastReason = '';
    try {
      await waitFor(events, timings, {
        id: `${condition}:${name}`,
        label: `${name}: waiting for ${condition === 'ssh' ? 'ssh' : `it to be ${condition}`}${count}`,
        ...(condition === 'ssh' ? { timing: `boot:${provider.name}:${accelerator}:${config.image.name}:${name}` } : {}),
        timeout,
        interval: condition === 'ssh' ? 400 : 1000,
        signal,
        look: async () => {
          const state = (await provider.states([name])).get(name) ?? 'not_created';
          if (condition === 'off') return state === 'poweroff' || state === 'not_created' || state === 'aborted';
          if (state === 'poweroff' || state === 'aborted' || state === 'not_created') {
            throw stoppedMeanwhile(name, state, await lastConsoleLines(logFile));
          }
          if (condition === 'running') return state === 'running';
          const target = await sshTarget(this.parts, this.parts.ports, machine);
          const answer = await this.parts.ssh.ready(target, { timeout: 5000, ...(signal && { signal }) });
          lastReason = answer.reason ?? '';
          return answer.ok;
        },
        late: async () =>
          new LabError({
            code: 'BOOT_TIMEOUT',
            message: `${name} did not answer on ssh within ${Math.round(timeout / 1000)} s; it came as far as the stage "${consoles.stage(name)}".`,
            ...(lastReason === '' ? {} : { why: lastReason }),
            remedy: [
              `Look at its console: coreos-lab console ${name}`,
              `Start it anew: coreos-lab reload ${name}`,
              `If that does not help, make it anew: coreos-lab destroy ${name}, then coreos-lab up ${name}`,
            ],
            machine: name,
            evidence: await lastConsoleLines(logFile),
          }),
      });
      if (condition === 'ssh') await consoles.reach(name, 'ssh');
    } finally {
      await endFollowing();
    }
  }
}
