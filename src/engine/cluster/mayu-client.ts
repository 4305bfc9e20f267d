import type { MachineConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import { mayuDown, serviceOf } from './mayu-down.js';
import type { MayuHost, OnProvisioner } from './mayu-host.js';

export interface MayuOptions {
  signal?: AbortSignal;
  /** Milliseconds; default 15 seconds. */
  timeout?: number;
}

const TIMEOUT = 15_000;
/** curl: cannot connect, timed out, empty answer, connection broken off. */
const NO_ANSWER: ReadonlySet<number | null> = new Set([6, 7, 28, 52, 56]);

/** Asks Mayu's API on the provisioner, which is the only place that can reach it for certain. */
export class MayuClient {
  constructor(
    private readonly provisioner: MachineConfig,
    private readonly machines: readonly MachineConfig[],
    private readonly run: OnProvisioner,
  ) {}

  /**
   * All hosts that Mayu has heard of, by address, each with the name of the lab's machine. Rejects with LabError: MAYU_DOWN,
   * MAYU_ANSWER, or what the way to the provisioner is blocked by.
   */
  async hosts({ signal, timeout = TIMEOUT }: MayuOptions = {}): Promise<MayuHost[]> {
    const seconds = Math.max(1, Math.round(timeout / 1000) - 2);
    const result = await this.run(hostsScript(this.provisioner.ip ?? '127.0.0.1', seconds), {
      timeout,
      ...(signal && { signal }),
    });
    return this.read(result);
  }

  /** Reads the outcome of the script. */
  async read(result: { exitCode: number | null; stdout: string; stderr: string }): Promise<MayuHost[]> {
    if (result.exitCode !== 0) throw this.fault(result.exitCode, result.stderr);
    // valibot is loaded only when there is an answer to read.
    const { parseMayuHosts } = await import('./parse-mayu-hosts.js');
    try {
      return parseMayuHosts(result.stdout).map((host) => this.named(host));
    } catch (error) {
      throw this.strange(error instanceof Error ? error.message : String(error));
    }
  }

  private named(host: MayuHost): MayuHost {
    const machine = this.machines.find(({ serial }) => serial.toLowerCase() === host.serial);
    return machine === undefined ? host : { ...host, machine: machine.name };
  }

  private fault(exitCode: number | null, stderr: string): LabError {
    const service = serviceOf(stderr);
    const [said] = stderr.split('\n').filter((line) => line.startsWith('curl:'));
    if (exitCode === null || NO_ANSWER.has(exitCode)) return mayuDown(this.provisioner.name, service, said);
    return this.strange(said ?? `the request ended with exit status ${exitCode}: ${stderr.trim().slice(0, 200)}`);
  }

  private strange(why: string): LabError {
    const { name, ip } = this.provisioner;
    return new LabError({
      code: 'MAYU_ANSWER',
      message: `What answers on ${ip}:4080 as Mayu does not speak as Mayu 1.3 does.`,
      why,
      remedy: [
        `See what it says: coreos-lab exec ${name} -- curl -sS http://${ip}:4080/admin/hosts`,
        `See what Mayu logged: coreos-lab exec ${name} -- sudo journalctl -u mayu -n 30`,
      ],
      machine: name,
    });
  }
}

/** On failure the state of Mayu's unit goes to stderr: it tells which remedy fits. */
export function hostsScript(ip: string, seconds: number): string {
  return `curl -fsS --noproxy '*' --max-time ${seconds} http://${ip}:4080/admin/hosts || {
  code=$?
  systemctl show -p LoadState -p ActiveState mayu.service >&2 || true
  exit "$code"
}`;
}
