import type { MachineConfig } from '../config/lab-config.js';
import type { BootStages } from '../console/boot-stages.js';
import { BootTroubles, type Trouble } from '../console/boot-troubles.js';
import { STAGE_ORDER, stageIndex } from '../console/stage-order.js';
import type { BootStage } from '../events.js';
import { lastConsoleLines } from './evidence.js';
import { provisionerOf } from './machines.js';
import type { LabParts } from './parts.js';
import { troubleError } from './trouble-error.js';

/** A machine that starts again and again says the same each time; that is repeated this often at most, in milliseconds. */
const PAUSE = 5 * 60_000;

/** A boot that prints nothing for so long, in milliseconds, has come to a halt; GRUB on a slow day is silent for half of it. */
const SILENT = 120_000;
/** Before, firmware waits for a network; after, services wait for others. */
const TALKS: ReadonlySet<BootStage> = new Set(
  STAGE_ORDER.slice(STAGE_ORDER.indexOf('kernel'), STAGE_ORDER.indexOf('system')),
);

/** Tells when one machine gives up, once in a boot. */
export class TroubleWatch {
  private readonly troubles = new BootTroubles();
  /** What was told, and when. */
  private readonly told = new Map<string, number>();
  private readonly thisBoot = new Set<string>();
  private restarts = 0;
  /** Why the installer gave up, where that is how it is now. */
  installFailed: string | undefined;

  constructor(
    private readonly parts: Pick<LabParts, 'config' | 'events' | 'provider'>,
    private readonly name: string,
  ) {}

  powerOn(): void {
    this.troubles.begin();
    this.installFailed = undefined;
    this.told.clear();
    this.thisBoot.clear();
  }

  /** New text of the console, which `stages` has read already; without `live` it was printed when nobody looked, and is not told. */
  async feed(text: string, stages: BootStages, live: boolean): Promise<void> {
    const found = this.troubles.feed(text);
    const machine = this.machine;
    // Whoever tries the installer by hand, on a system that runs, is told by it.
    const awaited = stages.inMemory || stageIndex(stages.stage) <= stageIndex('install');
    const mayFail = machine?.role === 'node' && awaited;
    this.installFailed = mayFail ? this.troubles.installFailed : undefined;
    if (stages.restarts !== this.restarts) this.thisBoot.clear();
    this.restarts = stages.restarts;
    for (const trouble of found) {
      if (live && (trouble.kind !== 'install' || mayFail)) await this.tell(trouble);
    }
  }

  /** Nothing was printed for so many milliseconds. True when that was looked into: what follows counts anew. */
  async quiet(milliseconds: number, { stage }: BootStages): Promise<boolean> {
    if (milliseconds < SILENT || !TALKS.has(stage)) return false;
    // One that is paused, or off, has reason to be silent.
    const state = (await this.parts.provider.states([this.name])).get(this.name);
    if (state === 'running') await this.tell({ kind: 'silent', reason: `two minutes (${stage})` });
    return true;
  }

  private get machine(): MachineConfig | undefined {
    return this.parts.config.machines.find(({ name }) => name === this.name);
  }

  private async tell(trouble: Trouble): Promise<void> {
    const machine = this.machine;
    const { config, events, provider } = this.parts;
    const key = `${trouble.kind} ${trouble.reason}`;
    if (machine === undefined || this.thisBoot.has(key) || Date.now() - (this.told.get(key) ?? 0) < PAUSE) return;
    this.thisBoot.add(key);
    this.told.set(key, Date.now());
    const evidence = await lastConsoleLines(provider.console(this.name).logFile);
    const error = troubleError(machine, provisionerOf(config).name, trouble, evidence);
    const level = trouble.kind === 'nothing' || trouble.kind === 'silent' ? 'warning' : 'error';
    events.emit({ type: 'notice', level, text: `${error.message} ${error.remedy[0]}`, failure: error.toFailure() });
  }
}
