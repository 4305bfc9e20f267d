import { frameFields } from '../engine/wire/fields.js';
import { readFrame } from '../engine/wire/follower.js';
import { hexLines } from '../engine/wire/hex.js';
import type { Names } from '../engine/wire/names.js';
import type { FrameRef } from '../engine/wire/pcap-parser.js';
import { sequenceLines } from '../engine/wire/sequence.js';
import { Tracker } from '../engine/wire/tracker.js';
import { clockOf, lineText, matches, type WireFilter, type WireLine } from '../engine/wire/wire-line.js';
import { WireLog } from '../engine/wire/wire-log.js';

export interface WirePrinterOptions {
  filter: WireFilter;
  names: Names;
  /** Where the bytes of frames are. */
  file: string;
  sequence?: boolean;
  hex?: boolean;
  json?: boolean;
}

/** Of what goes on for long, a line is printed this often. */
const EVERY = 5000;
/** Lines that are kept until the end is known. */
const LINES = 50_000;

/** Frames in, lines of text out. */
export class WirePrinter {
  readonly #log: WireLog;
  readonly #tracker: Tracker;
  /** Lines that say something new, in order of their first frames. */
  #changed = new Map<number, WireLine>();
  readonly #printed = new Map<number, { text: string; time: number }>();
  #dropped: WireLine[] = [];

  constructor(
    private readonly out: { write(text: string): unknown },
    private readonly options: WirePrinterOptions,
  ) {
    this.#log = new WireLog(options.names, {
      lines: LINES,
      onChange: (line) => void this.#changed.set(line.id, line),
      onDrop: (line) => void this.#dropped.push(line),
    });
    this.#tracker = new Tracker(options.names, (happening) => this.#log.take(happening));
  }

  take(frame: Buffer, ref: FrameRef): void {
    this.#tracker.take(frame, ref);
  }

  /** Prints what is new; lines that still change are printed again when they are done, and now and then before. */
  async tell(now: number): Promise<void> {
    for (const line of [...this.#changed.values()].sort((a, b) => a.id - b.id)) {
      const before = this.#printed.get(line.id);
      if (before !== undefined && !line.settled && now - before.time < EVERY) continue;
      this.#changed.delete(line.id);
      if (line.text === before?.text) continue;
      this.#printed.set(line.id, { text: line.text, time: now });
      await this.#print(line);
    }
    for (const { id } of this.#dropped.splice(0)) {
      this.#printed.delete(id);
      this.#changed.delete(id);
    }
  }

  /** Prints everything that was not printed yet. */
  async end(): Promise<void> {
    const lines = [...this.#dropped.splice(0), ...this.#log.lines];
    if (this.options.sequence) return this.#sequences(lines);
    for (const line of lines) if (this.#printed.get(line.id)?.text !== line.text) await this.#print(line);
  }

  async #print(line: WireLine): Promise<void> {
    const { filter, json, hex } = this.options;
    if (!matches(line, filter)) return;
    if (json) {
      const { refs: _refs, ...told } = line;
      this.out.write(`${JSON.stringify({ ...told, time: new Date(line.time), updated: new Date(line.updated) })}\n`);
      return;
    }
    this.out.write(`${clockOf(line.time)} ${line.warning ? '!' : ' '} ${lineText(line)}\n`);
    if (hex) await this.#frames(line);
  }

  async #frames(line: WireLine): Promise<void> {
    for (const ref of line.refs) {
      const bytes = await readFrame(this.options.file, ref);
      if (bytes === undefined) continue;
      const fields = frameFields(bytes, ref.length, this.options.names);
      const width = Math.max(...fields.map(([name]) => name.length));
      const text = fields.map(([name, value]) => `    ${name.padEnd(width)}  ${value}`);
      const hex = hexLines(bytes).map((each) => `    ${each}`);
      this.out.write(`${[...text, ...hex, ''].join('\n')}\n`);
    }
    const left = line.frames - line.refs.length;
    if (left > 0) this.out.write(`    … and ${left} more frames: --pcap writes them all\n\n`);
  }

  #sequences(lines: readonly WireLine[]): void {
    const { filter } = this.options;
    const shown = lines.filter((line) => matches(line, filter));
    const wanted =
      filter.machines.length > 0 ? filter.machines : [...new Set(shown.flatMap(({ machines }) => machines))].sort();
    const parts = wanted.map((machine) => [machine, ...sequenceLines(machine, shown)].join('\n'));
    if (parts.length > 0) this.out.write(`${parts.join('\n\n')}\n`);
  }
}
