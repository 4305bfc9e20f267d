import { join } from 'node:path';
import { BootStages } from '../console/boot-stages.js';
import { CastWriter } from '../console/cast-writer.js';
import { FileFollower } from '../console/follower.js';
import type { BootStage } from '../events.js';
import type { Boots } from './boots.js';
import type { LabParts } from './parts.js';

const POLL = 150;

interface Followed {
  users: number;
  stop(): Promise<void>;
  stages: BootStages;
}

/**
 * Follows consoles: emits `console` pointers and `stage` events, and records them as asciicast. A machine may be followed by
 * several users; it is read once.
 */
export class ConsoleWatch {
  private readonly followed = new Map<string, Followed>();

  constructor(
    private readonly parts: Pick<LabParts, 'provider' | 'events' | 'paths'>,
    private readonly boots: Boots,
  ) {}

  /** Begins to follow a machine; the returned function ends that. */
  async follow(machine: string): Promise<() => Promise<void>> {
    const known = this.followed.get(machine);
    if (known === undefined) this.followed.set(machine, this.start(machine));
    else known.users++;
    let ended = false;
    return async () => {
      const entry = this.followed.get(machine);
      if (ended || entry === undefined) return;
      ended = true;
      if (--entry.users > 0) return;
      this.followed.delete(machine);
      await entry.stop();
    };
  }

  /** The stage that a followed machine has reached. */
  stage(machine: string): BootStage | undefined {
    return this.followed.get(machine)?.stages.stage;
  }

  /** A stage that the console cannot show: power-on, or ssh answered. */
  async reach(machine: string, stage: BootStage): Promise<void> {
    const entry = this.followed.get(machine);
    if (entry !== undefined && !entry.stages.reach(stage)) return;
    await this.emitStage(machine, stage);
  }

  private start(machine: string): Followed {
    const stages = new BootStages();
    let running = true;
    const loop = this.run(machine, stages, () => running);
    return {
      users: 1,
      stages,
      stop: async () => {
        running = false;
        await loop;
      },
    };
  }

  private async run(machine: string, stages: BootStages, running: () => boolean): Promise<void> {
    const { logFile } = this.parts.provider.console(machine);
    const cast = new CastWriter(join(this.parts.paths.labDirectory, 'machines', machine, 'console.cast'), machine);
    const boot = await this.boots.last(machine);
    const follower = new FileFollower(logFile, boot?.offset ?? 0);
    const recorded = await cast.offset();
    for (;;) {
      const offset = follower.offset;
      const bytes = await follower.read();
      if (bytes.length === 0) {
        if (!running()) break;
        await new Promise((wake) => setTimeout(wake, POLL));
        continue;
      }
      const start = follower.offset - bytes.length;
      this.parts.events.emit({ type: 'console', machine, offset: start, length: bytes.length });
      if (follower.offset > recorded || start < offset) {
        await cast.append(bytes, follower.offset).catch(() => undefined);
      }
      for (const stage of stages.feed(bytes.toString('latin1'))) await this.emitStage(machine, stage);
    }
    await follower.close();
  }

  private async emitStage(machine: string, stage: BootStage): Promise<void> {
    const boot = await this.boots.last(machine);
    const sinceStart = boot === undefined ? 0 : Date.now() - boot.time;
    this.parts.events.emit({ type: 'stage', machine, stage, sinceStart });
  }
}
