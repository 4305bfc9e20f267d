import { STAGE_ORDER } from '../console/stage-order.js';
import type { BootStage } from '../events.js';

/** Stages in which no sshd can answer yet. */
const TOO_EARLY: ReadonlySet<BootStage | undefined> = new Set(STAGE_ORDER.slice(0, STAGE_ORDER.indexOf('system')));
/** After so long in one stage nobody believes the console any more. Milliseconds; the longest stage is the transfer of the system. */
export const SILENCE = 240_000;
/** The lab itself says that a machine was switched on; whether its console tells anything is seen soon after. */
const FIRST_SIGN = 20_000;

/**
 * Says whether it is worth asking a machine that boots for its ssh. Asking takes what the provisioner needs to serve the machine, and on
 * emulated machines that is felt.
 */
export class BootPatience {
  private last: BootStage | undefined;
  private since: number;

  constructor(
    private readonly stage: () => BootStage | undefined,
    private readonly silence = SILENCE,
    private readonly now = Date.now,
  ) {
    this.since = now();
  }

  worthAsking(): boolean {
    const stage = this.stage();
    if (stage !== this.last) this.since = this.now();
    this.last = stage;
    return !TOO_EARLY.has(stage) || this.now() - this.since > (stage === 'power-on' ? FIRST_SIGN : this.silence);
  }
}
