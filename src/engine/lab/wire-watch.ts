import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BootStage } from '../events.js';
import { type BootFact, type BootNews, BootObserver } from '../wire/boot-observer.js';
import { exportCapture } from '../wire/export-capture.js';
import { frameFields } from '../wire/fields.js';
import { readFrame, readRecording, WireFollower } from '../wire/follower.js';
import type { Happening } from '../wire/happening.js';
import { Names, wireMachines } from '../wire/names.js';
import type { FrameRef } from '../wire/pcap-parser.js';
import { RogueWatch } from '../wire/rogue-watch.js';
import { Tracker } from '../wire/tracker.js';
import type { WireFilter, WireLine } from '../wire/wire-line.js';
import { WireLog } from '../wire/wire-log.js';
import type { ConsoleWatch } from './console-watch.js';
import type { LabParts } from './parts.js';

const POLL = 200;
/** Bytes that are read at once, and the pause after them while there are more: a flood must not keep keys waiting. */
const STEP = 128 * 1024;
const BREATH = 10;
/** Of what was recorded before, this much is looked at. */
const EARLIER = 24 * 1024 * 1024;

const STAGE_OF: Partial<Record<BootFact, BootStage>> = {
  dhcp: 'dhcp',
  script: 'ipxe',
  percent: 'kernel',
  ignition: 'ignition',
  complete: 'running',
};

/** What was seen on the private network, as lines. */
export interface Wire {
  readonly lines: readonly WireLine[];
  /** Counts every change of a line. */
  readonly version: number;
  /** The bytes of a frame and what is in them; undefined when its capture is gone. */
  look(ref: FrameRef): Promise<{ bytes: Buffer; fields: [name: string, value: string][] } | undefined>;
  /** Writes the frames of all lines that pass a filter to a new capture; resolves with their number. */
  export(file: string, filter: WireFilter): Promise<number>;
  /** Where the capture is. */
  readonly file: string;
}

/**
 * Follows what the switch records, while somebody wants it: keeps lines for people, tells boot stages that the wire shows, and warns
 * of DHCP servers that are none of the lab's.
 */
export class WireWatch implements Wire {
  readonly file: string;
  readonly #names: Names;
  readonly #log: WireLog;
  readonly #tracker: Tracker;
  readonly #boots: BootObserver;
  readonly #rogues: RogueWatch;
  readonly #follower: WireFollower;
  #users = 0;
  #running: { stop: AbortController; done: Promise<void> } | undefined;
  /** From here on (milliseconds) frames are of now. */
  #since = 0;
  #caughtUp = false;
  #news: BootNews[] = [];

  constructor(
    private readonly parts: Pick<LabParts, 'config' | 'events' | 'paths'>,
    private readonly consoles: ConsoleWatch,
  ) {
    const names = new Names(wireMachines(parts.config));
    this.#names = names;
    this.file = join(parts.paths.labDirectory, 'wire.pcap');
    this.#log = new WireLog(names);
    this.#boots = new BootObserver(names);
    this.#rogues = new RogueWatch(names);
    this.#tracker = new Tracker(names, (happening) => this.#take(happening));
    this.#follower = new WireFollower(this.file);
  }

  get lines(): readonly WireLine[] {
    return this.#log.lines;
  }

  get version(): number {
    return this.#log.version;
  }

  async look(ref: FrameRef): ReturnType<Wire['look']> {
    const bytes = await readFrame(this.file, ref);
    return bytes === undefined ? undefined : { bytes, fields: frameFields(bytes, ref.length, this.#names) };
  }

  export(file: string, filter: WireFilter): Promise<number> {
    const names = new Names(wireMachines(this.parts.config));
    return exportCapture(file, (sink) => readRecording(this.file, sink), names, filter);
  }

  /** Begins to follow; the returned function ends that. */
  follow(): () => Promise<void> {
    this.#users += 1;
    this.#running ??= this.#start();
    let ended = false;
    return async () => {
      if (ended) return;
      ended = true;
      if (--this.#users > 0) return;
      const running = this.#running;
      this.#running = undefined;
      running?.stop.abort();
      await running?.done;
    };
  }

  #start(): { stop: AbortController; done: Promise<void> } {
    const stop = new AbortController();
    const first = this.#since === 0;
    this.#since = Date.now();
    this.#caughtUp = false;
    const before = this.#last;
    this.#last = before.then(() => this.#run(stop.signal, first));
    return { stop, done: this.#last };
  }

  /** A run that ends is waited for by the next one: both read with one follower. */
  #last: Promise<void> = Promise.resolve();

  async #run(signal: AbortSignal, first: boolean): Promise<void> {
    if (first) await this.#follower.skipToLast(EARLIER).catch(() => undefined);
    while (!signal.aborted) {
      const bytes = await this.#follower.read((frame, ref) => this.#tracker.take(frame, ref), STEP);
      if (bytes === 0) this.#caughtUp = true;
      if (this.#caughtUp) await this.#tell();
      await sleep(bytes === 0 ? POLL : BREATH, undefined, { signal }).catch(() => undefined);
    }
  }

  /** For good; what was read so far is not read again until then. */
  async close(): Promise<void> {
    this.#running?.stop.abort();
    await this.#last;
    await this.#follower.close();
  }

  #take(happening: Happening): void {
    this.#log.take(happening);
    this.#news.push(...this.#boots.take(happening));
    if (happening.ref.time < this.#since * 1000) return;
    const rogue = this.#rogues.take(happening);
    if (rogue === undefined) return;
    const text = `${rogue.message} ${rogue.remedy[0]}`;
    this.parts.events.emit({ type: 'notice', level: 'warning', text, failure: rogue.toFailure() });
  }

  /** Of what was on the wire when nobody looked only the last stage of each machine is told. */
  async #tell(): Promise<void> {
    const news = this.#news.splice(0).filter(({ fact }) => STAGE_OF[fact] !== undefined);
    for (const [index, { fact, facts, time }] of news.entries()) {
      const later = news.slice(index + 1).find((other) => other.facts.machine === facts.machine);
      const passed = later !== undefined && (later.fact === fact || time < this.#since);
      if (passed) continue;
      const percent = fact === 'percent' ? facts.percent : undefined;
      await this.consoles.seen(facts.machine, STAGE_OF[fact] as BootStage, time, percent);
    }
  }
}
