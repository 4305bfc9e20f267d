import type { MachineConfig } from '../config/lab-config.js';
import type { OperationOptions } from '../lab.js';
import { BootPatience, SILENCE } from './boot-patience.js';
import { bootTimeout } from './boot-timeout.js';
import { BootTimes } from './boot-times.js';
import { lastConsoleLines } from './evidence.js';
import { provisionerOf } from './machines.js';
import type { PowerParts } from './power.js';
import { SshLook } from './ssh-look.js';
import { troubleError } from './trouble-error.js';
import { stoppedMeanwhile, waitFor } from './wait.js';

export type Condition = 'ssh' | 'off' | 'running';

interface Wait {
  condition: Condition;
  /** e.g. `2 of 3`. */
  count: string;
  /** Milliseconds. */
  timeout: number;
  slowness: number;
  signal: AbortSignal | undefined;
}

/** A boot may take this long, times the host's slowness. */
const BOOT_TIMEOUT = 75_000;
/** The boot of a node may install it: over the network, then once more from disk. */
const NODE_TIMEOUT = 180_000;

/** Milliseconds for one try to log in. */
const LOGIN_TIMEOUT = 5000;
/**
 * A log-in to a node that is given up has to be done again, which an emulated one feels. The provisioner's port is open before anyone listens behind
 * it: a try that was made too early is given up soon.
 */
const loginTimeout = ({ role }: MachineConfig, slowness: number) => LOGIN_TIMEOUT * (role === 'node' ? slowness : 1);

/** Waits until machines are in a condition. */
export class Reach {
  constructor(private readonly parts: PowerParts) {}

  async wait(
    machines: readonly MachineConfig[],
    condition: Condition,
    options: OperationOptions & { timeout?: number } = {},
  ): Promise<void> {
    const { slowness } = await this.parts.provider.probe();
    const results = await Promise.allSettled(
      machines.map((machine, index) => {
        const count = machines.length > 1 ? `${index + 1} of ${machines.length}` : '';
        const usual = machine.role === 'node' && condition === 'ssh' ? NODE_TIMEOUT : BOOT_TIMEOUT;
        const timeout = options.timeout ?? usual * slowness;
        return this.waitOne(machine, { condition, count, timeout, slowness, signal: options.signal });
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** One try, a quick one for the provisioner. */
  async sshAnswers(machine: MachineConfig, signal: AbortSignal): Promise<boolean> {
    try {
      const target = await this.parts.access.knownTarget(machine);
      const timeout = loginTimeout(machine, (await this.parts.provider.probe()).slowness);
      return target !== undefined && (await this.parts.ssh.ready(target, { timeout, signal })).ok;
    } catch {
      return false;
    }
  }

  private async waitOne(machine: MachineConfig, { condition, count, timeout, slowness, signal }: Wait): Promise<void> {
    const { provider, consoles, events, timings, config, access } = this.parts;
    const { name } = machine;
    const endFollowing = await consoles.follow(name);
    const { logFile } = provider.console(name);
    const ssh = new SshLook(access, this.parts.ssh, machine, loginTimeout(machine, slowness));
    const patience = new BootPatience({
      stage: () => consoles.stage(name),
      slowness,
      silence: Math.min(SILENCE, timeout / 2),
    });
    const began = Date.now();
    const label = (what: string, ...details: (string | undefined)[]) => {
      const known = details.filter((detail) => detail !== undefined && detail !== '');
      return `${name}: waiting for ${what}${known.length === 0 ? '' : ` (${known.join(', ')})`}`;
    };
    const what = condition === 'ssh' ? 'ssh' : `it to be ${condition}`;
    const nodeLabel = () =>
      label(ssh.host === undefined ? 'an address from Mayu' : `ssh at ${ssh.host}`, count, consoles.stage(name));
    try {
      // A node without an address is yet to be installed, which takes longer than a boot; so is one that boots over the network.
      const blank = machine.role === 'node' && (await access.addresses.known(machine)) === undefined;
      ssh.host = blank ? undefined : await access.addresses.known(machine);
      const times = new BootTimes(this.parts);
      const keys = { install: await times.ssh(name, 'install'), boot: await times.ssh(name, 'boot') };
      const way = () => (blank || (machine.role === 'node' && consoles.way(name) === 'install') ? 'install' : 'boot');
      await waitFor(events, timings, {
        id: `${condition}:${name}`,
        label: label(what, count),
        ...(condition === 'ssh' && machine.role === 'node' ? { labelNow: nodeLabel } : {}),
        ...(condition === 'ssh' ? { timing: () => keys[way()] } : {}),
        timeout,
        interval: condition === 'ssh' && machine.role === 'provisioner' ? 400 : 1000,
        signal,
        look: async () => {
          const state = (await provider.states([name])).get(name) ?? 'not_created';
          if (condition === 'off') return state === 'poweroff' || state === 'not_created' || state === 'aborted';
          if (state === 'poweroff' || state === 'aborted' || state === 'not_created') {
            throw stoppedMeanwhile(name, state, await lastConsoleLines(logFile));
          }
          if (condition === 'running') return state === 'running';
          const reason = consoles.installFailed(name);
          if (reason !== undefined) {
            const evidence = await lastConsoleLines(logFile);
            throw troubleError(machine, provisionerOf(config).name, { kind: 'install', reason }, evidence);
          }
          // At the end everybody is asked: whether Mayu is up belongs to the reasons.
          const early = !patience.worthAsking() && Date.now() - began < timeout;
          if (machine.role === 'node' && early) {
            ssh.host = await access.addresses.known(machine);
            return false;
          }
          return (await ssh.look(signal)) && (await consoles.sshAnswered(name));
        },
        late: async () =>
          bootTimeout({
            machine,
            provisioner: provisionerOf(config).name,
            stage: consoles.stage(name),
            timeout,
            reason: ssh.reason,
            host: ssh.host,
            mayu: ssh.mayu,
            evidence: await lastConsoleLines(logFile),
          }),
      });
    } finally {
      await endFollowing();
    }
  }
}
