import type { MachineConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import type { Ssh } from '../ssh/ssh.js';
import type { Access } from './access.js';

/** Mayu is asked no more often than this while somebody waits for its answer. */
const ASK = 2000;
/** A node that does not answer at its address is looked up anew this often: it may have got another one. */
const ASK_AGAIN = 15_000;

/** Looks for ssh of one machine again and again, and remembers what was in the way. */
export class SshLook {
  /** Why the last look failed. */
  reason = '';
  /** Where ssh was looked for; undefined = the machine has no address yet. */
  host: string | undefined;
  /** Why Mayu could not be asked, where that is so. */
  mayu: LabError | undefined;
  private asked: number | undefined;

  constructor(
    private readonly access: Access,
    private readonly ssh: Ssh,
    private readonly machine: MachineConfig,
    /** Of one try, in milliseconds. */
    private readonly timeout: number,
  ) {}

  /** One try; true when ssh answered. */
  async look(signal?: AbortSignal): Promise<boolean> {
    const target = await this.target(signal);
    this.host = target?.host;
    if (target === undefined) {
      this.reason = this.mayu?.message ?? `Mayu has not heard of ${this.machine.name} yet.`;
      return false;
    }
    const answer = await this.ssh.ready(target, { timeout: this.timeout, ...(signal && { signal }) });
    this.reason = answer.reason ?? '';
    return answer.ok;
  }

  private async target(signal: AbortSignal | undefined) {
    if (this.machine.role === 'provisioner') return this.access.target(this.machine, signal);
    const known = await this.access.knownTarget(this.machine);
    // A known address gets its time before it is doubted.
    if (known !== undefined) this.asked ??= Date.now();
    const patience = known === undefined ? ASK : ASK_AGAIN;
    if (this.asked !== undefined && Date.now() - this.asked < patience) return known;
    this.asked = Date.now();
    try {
      await this.access.addresses.ask({ maxAge: ASK / 2, timeout: 6000, ...(signal && { signal }) });
      this.mayu = undefined;
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      this.mayu = error;
    }
    return this.access.knownTarget(this.machine);
  }
}
