import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BootStages, stageIndex } from '../console/boot-stages.js';
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
  /** When the console showed the firmware again after a kernel: what was on the wire before is of the boot before. */
  rebooted: number;
}

/** What was seen on the wire may have been there this much before the console told of it, in milliseconds. */
const SLACK = 500;

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

  /**
   * A stage that the wire showed at `time`. It never takes a machine back: a stage that the boot is past, or that is of an earlier boot,
   * tells nothing.
   */
  async seen(machine: string, stage: BootStage, time: number, percent?: number): Promise<void> {
    const entry = this.followed.get(machine);
    if (entry === undefined || stageIndex(stage) < stageIndex(entry.stages.stage)) return;
    const boot = await this.boots.last(machine);
    if (time < (boot?.time ?? 0) || time < entry.rebooted - SLACK) return;
    if (stageIndex(stage) < stageIndex(entry.stages.stage)) return;
    if (entry.stages.reach(stage)) await this.emitStage(machine, stage, { time });
    if (percent === undefined || percent === entry.stages.percent) return;
    entry.stages.percent = percent;
    await this.emitStage(machine, stage, { time, percent });
  }

  private start(machine: string): Followed {
    const stages = new BootStages();
    let running = true;
    const opened = this.open(machine);
    const entry: Followed = {
      users: 0,
      opened,
      stages,
      rebooted: 0,
      stop: async () => {
        running = false;
        await loop;
      },
    };
    const loop = opened.then(
      (console) => this.run(machine, console, entry, () => running),
      () => undefined,
    );
    return entry;
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

  private async run(machine: string, opened: Opened, entry: Followed, running: () => boolean): Promise<void> {
    const { stages } = entry;
    const { follower } = opened;
    let { present, unseen } = opened;
    const file = join(this.parts.paths.labDirectory, 'machines', machine, 'console.cast');
    let cast = new CastWriter(file, machine);
    let recorded = await cast.offset();
    for (;;) {
      const from = follower.offset;
      const bytes = await follower.read();
      if (bytes.length === 0) {
        if (!running()) break;
        await new Promise((wake) => setTimeout(wake, POLL));
        continue;
      }
      const start = follower.offset - bytes.length;
      if (start < from) {
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
      const before = stages.percent;
      const reached = stages.feed(fresh.toString('latin1'));
      if (offset >= unseen) {
        if (reached.includes('firmware')) entry.rebooted = Date.now();
        for (const stage of reached) await this.emitStage(machine, stage);
        const { percent } = stages;
        if (percent !== undefined && percent !== before) await this.emitStage(machine, stages.stage, { percent });
      } else if (follower.offset >= unseen && stages.stage !== 'power-on') await this.emitStage(machine, stages.stage);
    }
    await follower.close();
  }

  private async emitStage(
    machine: string,
    stage: BootStage,
    { time = Date.now(), percent }: { time?: number; percent?: number } = {},
  ): Promise<void> {
    const boot = await this.boots.last(machine);
    const sinceStart = boot === undefined ? 0 : Math.max(0, time - boot.time);
    this.parts.events.emit({
      type: 'stage',
      machine,
      stage,
      sinceStart,
      ...(percent === undefined ? {} : { percent }),
    });
  }
}
