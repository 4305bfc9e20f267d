import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BootStages } from '../console/boot-stages.js';
import { CastWriter } from '../console/cast-writer.js';
import { FileFollower } from '../console/follower.js';
import type { BootStage, PowerState } from '../events.js';
import type { Boots } from './boots.js';
import type { LabParts } from './parts.js';

const POLL = 150;
const OFF: ReadonlySet<PowerState> = new Set(['not_created', 'poweroff', 'aborted']);

/** Where to begin. */
interface Opened {
  follower: FileFollower;
  /** What comes before this in the log was shown by earlier boots: it is recorded, but tells nothing of now. */
  present: number;
  /** What comes before this was printed when nobody looked: of its stages only the last one is told. */
  unseen: number;
}

interface Followed {
  users: number;
  /** Done when it is known where in the log to begin. */
  opened: Promise<unknown>;
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
    const entry = this.followed.get(machine) ?? this.start(machine);
    entry.users++;
    this.followed.set(machine, entry);
    try {
      await entry.opened;
    } catch (error) {
      this.followed.delete(machine);
      throw error;
    }
    let ended = false;
    return async () => {
      if (ended) return;
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
    const moved = entry?.stages.reach(stage) ?? true;
    // Each power-on is one more boot, also where none was seen before.
    if (!moved && stage !== 'power-on') return;
    await this.emitStage(machine, stage);
  }

  private start(machine: string): Followed {
    const stages = new BootStages();
    let running = true;
    const opened = this.open(machine);
    const loop = opened.then(
      (console) => this.run(machine, console, stages, () => running),
      () => undefined,
    );
    return {
      users: 0,
      opened,
      stages,
      stop: async () => {
        running = false;
        await loop;
      },
    };
  }

  private async open(machine: string): Promise<Opened> {
    const { provider } = this.parts;
    const { logFile } = provider.console(machine);
    const { offset = 0 } = (await this.boots.last(machine)) ?? {};
    const states = await provider.states([machine]).catch(() => new Map<string, PowerState>());
    const off = OFF.has(states.get(machine) ?? 'running');
    const size = await stat(logFile).then(
      (file) => file.size,
      () => 0,
    );
    return { follower: new FileFollower(logFile, offset), present: off ? size : offset, unseen: size };
  }

  private async run(machine: string, opened: Opened, stages: BootStages, running: () => boolean): Promise<void> {
    const { follower } = opened;
    let { present, unseen } = opened;
    const file = join(this.parts.paths.labDirectory, 'machines', machine, 'console.cast');
    let cast = new CastWriter(file, machine);
    let recorded = await cast.offset();
    for (;;) {
      const before = follower.offset;
      const bytes = await follower.read();
      if (bytes.length === 0) {
        if (!running()) break;
        await new Promise((wake) => setTimeout(wake, POLL));
        continue;
      }
      const start = follower.offset - bytes.length;
      if (start < before) {
        // The log began anew, with a new machine.
        present = unseen = recorded = 0;
        cast = new CastWriter(file, machine);
      }
      const unrecorded = bytes.subarray(Math.max(0, recorded - start));
      if (unrecorded.length > 0) await cast.append(unrecorded, follower.offset).catch(() => undefined);
      const fresh = bytes.subarray(Math.max(0, present - start));
      if (fresh.length === 0) continue;
      const offset = follower.offset - fresh.length;
      this.parts.events.emit({ type: 'console', machine, offset, length: fresh.length });
      const reached = stages.feed(fresh.toString('latin1'));
      if (offset >= unseen) for (const stage of reached) await this.emitStage(machine, stage);
      else if (follower.offset >= unseen && stages.stage !== 'power-on') await this.emitStage(machine, stages.stage);
    }
    await follower.close();
  }

  private async emitStage(machine: string, stage: BootStage): Promise<void> {
    const boot = await this.boots.last(machine);
    const sinceStart = boot === undefined ? 0 : Date.now() - boot.time;
    this.parts.events.emit({ type: 'stage', machine, stage, sinceStart });
  }
}
