import type { BootStages } from '../console/boot-stages.js';
import { BootTroubles } from '../console/boot-troubles.js';
import { stageIndex } from '../console/stage-order.js';
import { lastConsoleLines } from './evidence.js';
import { provisionerOf } from './machines.js';
import type { LabParts } from './parts.js';
import { troubleError } from './trouble-error.js';

/** A machine that starts again and again says the same each time; that is repeated this often at most, in milliseconds. */
const PAUSE = 5 * 60_000;

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
    const machine = this.parts.config.machines.find(({ name }) => name === this.name);
    // Whoever tries the installer by hand, on a system that runs, is told by it.
    const awaited = stages.inMemory || stageIndex(stages.stage) <= stageIndex('install');
    const mayFail = machine?.role === 'node' && awaited;
    this.installFailed = mayFail ? this.troubles.installFailed : undefined;
    if (stages.restarts !== this.restarts) this.thisBoot.clear();
    this.restarts = stages.restarts;
    for (const trouble of found) {
      if (machine === undefined || !live || (trouble.kind === 'install' && !mayFail)) continue;
      const key = `${trouble.kind} ${trouble.reason}`;
      if (this.thisBoot.has(key) || Date.now() - (this.told.get(key) ?? 0) < PAUSE) continue;
      this.thisBoot.add(key);
      this.told.set(key, Date.now());
      const { config, events, provider } = this.parts;
      const evidence = await lastConsoleLines(provider.console(this.name).logFile);
      const error = troubleError(machine, provisionerOf(config).name, trouble, evidence);
      const level = trouble.kind === 'nothing' ? 'warning' : 'error';
      events.emit({ type: 'notice', level, text: `${error.message} ${error.remedy[0]}`, failure: error.toFailure() });
    }
  }
}
