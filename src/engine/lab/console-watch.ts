import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BootStages } from '../console/boot-stages.js';
import { CastWriter } from '../console/cast-writer.js';
import { FileFollower } from '../console/follower.js';
import { stageIndex } from '../console/stage-order.js';
import type { BootStage, PowerState } from '../events.js';
import { BootTimes, type Way } from './boot-times.js';
import type { Boots } from './boots.js';
import type { LabParts } from './parts.js';
import { TroubleWatch } from './trouble-watch.js';

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
  troubles: TroubleWatch;
  /** When the console showed the firmware again after a kernel: what was on the wire before is of the boot before. */
  rebooted: number;
  /** When a boot began that nobody powered the machine on for: it restarted by itself. */
  restarted: number;
  /** When ssh of a system in memory answered first. */
  answered: number | undefined;
}

/** What was seen on the wire may have been there this much before the console told of it, in milliseconds. */
const SLACK = 500;
/** A system that came over the network answers on ssh for a moment before it is installed; where nobody installs it, it is what stays. */
const IN_MEMORY = 30_000;

/**
 * Follows consoles: emits `console` pointers and `stage` events, and records them as asciicast. A machine may be followed by
 * several users; it is read once.
 */
export class ConsoleWatch {
  private readonly followed = new Map<string, Followed>();
  private readonly times: BootTimes;

  constructor(
    private readonly parts: Pick<LabParts, 'config' | 'provider' | 'events' | 'paths' | 'timings'>,
    private readonly boots: Boots,
  ) {
    this.times = new BootTimes(parts);
  }

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

  /** Did this boot come to a stage? */
  has(machine: string, stage: BootStage): boolean {
    return this.followed.get(machine)?.stages.has(stage) ?? false;
  }

  /** How a followed machine comes up, where that is known. */
  way(machine: string): Way | undefined {
    const installs = this.followed.get(machine)?.stages.installs;
    return installs === undefined ? undefined : installs ? 'install' : 'boot';
  }

  /** Why a machine cannot be installed, as its installer said. */
  installFailed(machine: string): string | undefined {
    return this.followed.get(machine)?.troubles.installFailed;
  }

  /** Somebody answered on ssh. True when that is the system that stays, not one in memory that is about to be installed. */
  async sshAnswered(machine: string): Promise<boolean> {
    const entry = this.followed.get(machine);
    if (entry?.stages.inMemory || entry?.stages.stage === 'reboot') {
      entry.answered ??= Date.now();
      const installing = entry.stages.has('install');
      if (installing || Date.now() - entry.answered < IN_MEMORY) return false;
    }
    await this.reach(machine, 'ssh');
    return true;
  }

  /** A stage that the console cannot show: power-on, or ssh answered. */
  async reach(machine: string, stage: BootStage): Promise<void> {
    const entry = this.followed.get(machine);
    const moved = entry?.stages.reach(stage) ?? true;
    if (entry !== undefined && stage === 'power-on') {
      entry.troubles.powerOn();
      entry.answered = undefined;
    }
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
    if (entry.stages.reach(stage)) await this.tellNews(machine, stage, time);
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
      troubles: new TroubleWatch(this.parts, machine),
      rebooted: 0,
      restarted: 0,
      answered: undefined,
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
    let heard = performance.now();
    for (;;) {
      const from = follower.offset;
      const bytes = await follower.read();
      if (bytes.length === 0) {
        if (!running()) break;
        const counted = await entry.troubles.quiet(performance.now() - heard, stages).catch(() => true);
        if (counted) heard = performance.now();
        await new Promise((wake) => setTimeout(wake, POLL));
        continue;
      }
      heard = performance.now();
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
      const { percent: before, restarts } = stages;
      const text = fresh.toString('latin1');
      const reached = stages.feed(text);
      if (stages.restarts !== restarts) entry.answered = undefined;
      if (offset >= unseen) {
        if (stages.restarts !== restarts) entry.restarted = Date.now();
        if (reached.includes('firmware') || reached.includes('reboot')) entry.rebooted = Date.now();
        for (const stage of reached) await this.tellNews(machine, stage);
        const { percent } = stages;
        if (percent !== undefined && percent !== before) await this.emitStage(machine, stages.stage, { percent });
        await entry.troubles.feed(text, stages, true);
        continue;
      }
      await entry.troubles.feed(text, stages, false);
      if (follower.offset >= unseen && stages.stage !== 'power-on') await this.emitStage(machine, stages.stage);
    }
    await follower.close();
  }

  /** A stage that begins now. */
  private async tellNews(machine: string, stage: BootStage, time = Date.now()): Promise<void> {
    const sinceStart = await this.emitStage(machine, stage, { time });
    const way = this.way(machine);
    if (stage === 'running' && way !== undefined && sinceStart > 0) {
      await this.times.recordRunning(machine, way, sinceStart);
    }
  }

  private async emitStage(
    machine: string,
    stage: BootStage,
    { time = Date.now(), percent }: { time?: number; percent?: number } = {},
  ): Promise<number> {
    const boot = await this.boots.last(machine);
    const began = Math.max(boot?.time ?? 0, this.followed.get(machine)?.restarted ?? 0);
    const sinceStart = began === 0 ? 0 : Math.max(0, time - began);
    const way = this.way(machine);
    const usual = way === undefined ? undefined : await this.times.running(machine, way);
    this.parts.events.emit({
      type: 'stage',
      machine,
      stage,
      sinceStart,
      ...(usual === undefined ? {} : { usual }),
      ...(percent === undefined ? {} : { percent }),
    });
    return sinceStart;
  }
}
