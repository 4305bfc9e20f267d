import { STAGE_ORDER } from '../console/stage-order.js';
import type { BootStage } from '../events.js';

/** Stages in which no sshd can answer yet. */
const TOO_EARLY: ReadonlySet<BootStage | undefined> = new Set(STAGE_ORDER.slice(0, STAGE_ORDER.indexOf('system')));
/** After so long in one stage nobody believes the console any more. Milliseconds; the longest stage is the transfer of the system. */
export const SILENCE = 240_000;
/** The lab itself says that a machine was switched on; whether its console tells anything is seen soon after. */
const FIRST_SIGN = 20_000;
/** How long a machine that is emulated may take, times the host's slowness, from its system's first word to the last. */
const SETTLING = 15_000;

export interface PatienceOptions {
  stage(): BootStage | undefined;
  /** The host's: 1 with hardware acceleration. */
  slowness: number;
  /** Milliseconds; default SILENCE. */
  silence?: number;
  now?(): number;
}

/**
 * Says whether it is worth asking a machine that boots for its ssh. Asking takes what the provisioner needs to serve the machine, and a
 * log-in what the machine itself needs to start: where they are emulated, three that are asked every second come up a tenth later.
 */
export class BootPatience {
  private last: BootStage | undefined;
  private since: number;

  constructor(private readonly options: PatienceOptions) {
    this.since = this.now();
  }

  worthAsking(): boolean {
    const stage = this.options.stage();
    if (stage !== this.last) this.since = this.now();
    this.last = stage;
    return this.now() - this.since >= this.patience(stage);
  }

  /** How long a stage may last before the machine is asked. */
  private patience(stage: BootStage | undefined): number {
    const { slowness, silence = SILENCE } = this.options;
    if (stage === 'power-on') return FIRST_SIGN;
    if (TOO_EARLY.has(stage)) return silence;
    // With an accelerator asking costs nothing.
    return stage === 'system' && slowness > 1 ? Math.min(SETTLING * slowness, silence) : 0;
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }
}
