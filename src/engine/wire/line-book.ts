import { BoundedMap } from './bounded-map.js';
import type { FrameRef } from './pcap-parser.js';
import type { Protocol, WireLine } from './wire-line.js';

/** Lines that are kept; older ones go. */
const LINES = 5000;
/** Things that may still go on. */
const OPEN = 2048;
/** The same thing is told by the line that is there for this many microseconds. */
const AGAIN = 60_000_000;
/** Of a line with many frames these are kept track of, and its last one. */
const FIRST_REFS = 8;

export interface LineBookOptions {
  lines?: number;
  /** Told of each line that is new or says something new. */
  onChange?: (line: WireLine) => void;
  /** Told of each line that goes for good. */
  onDrop?: (line: WireLine) => void;
}

/** What a line is begun with. */
export type Begin = Pick<WireLine, 'from' | 'to' | 'machines' | 'protocol'>;

export interface Entry {
  line: WireLine;
  /** What the words of a line need to know of its earlier frames. */
  answer?: string;
  asked: number;
  answered: number;
  /** What of a transfer the text says; the same again needs no new text. */
  mark?: string | number;
}

/** Keeps lines, and which of them a thing that goes on is told by. */
export class LineBook {
  #lines: WireLine[] = [];
  readonly #open = new BoundedMap<string, Entry>(OPEN);
  /** Lines that are not shown yet, by whom they are of. */
  readonly #held = new BoundedMap<object, WireLine>(OPEN);
  #next = 1;
  /** Counts every change. */
  version = 0;

  constructor(private readonly options: LineBookOptions) {}

  /** Oldest first. */
  get lines(): readonly WireLine[] {
    return this.#lines;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** What tells of `key`, if it may still go on. */
  get(key: string): Entry | undefined {
    return this.#open.get(key);
  }

  /** Counts a frame for the line that tells of `key`; a new one when there is none, or one of long ago. */
  put(key: string, ref: FrameRef, begin: () => Begin, options: { forever?: boolean; of?: object } = {}): Entry {
    let entry = this.#open.get(key);
    if (entry === undefined || (!options.forever && ref.time - entry.line.updated * 1000 > AGAIN)) {
      const held = options.of === undefined ? undefined : this.#held.get(options.of);
      if (options.of !== undefined) this.#held.delete(options.of);
      const line = Object.assign(held ?? blank(ref), begin(), { id: this.#next++ });
      entry = { line, asked: 0, answered: 0 };
      this.#open.set(key, entry);
      this.#lines.push(line);
      this.#trim();
    }
    count(entry.line, ref);
    return entry;
  }

  /** Counts a frame for a line that is only shown once it is clear what it is; resolves to that line. */
  hold(of: object, ref: FrameRef, begin: () => Begin): WireLine {
    const line = this.#held.get(of) ?? Object.assign(blank(ref), begin());
    this.#held.set(of, line);
    count(line, ref);
    return line;
  }

  say(line: WireLine, text: string, { settled, warning = false }: { settled: boolean; warning?: boolean }): WireLine {
    const changed = line.text !== text || line.settled !== settled;
    line.text = text;
    line.settled = settled;
    line.warning = warning;
    if (changed) {
      this.version += 1;
      this.options.onChange?.(line);
    }
    return line;
  }

  #trim(): void {
    const most = this.options.lines ?? LINES;
    if (this.#lines.length <= most * 1.2) return;
    const gone = this.#lines.slice(0, this.#lines.length - most);
    this.#lines = this.#lines.slice(gone.length);
    for (const line of gone) this.options.onDrop?.(line);
  }
}

function blank(ref: FrameRef): WireLine {
  const time = Math.floor(ref.time / 1000);
  const protocol: Protocol = 'other';
  return {
    id: 0,
    time,
    updated: time,
    from: '',
    to: '',
    machines: [],
    protocol,
    text: '',
    warning: false,
    settled: false,
    frames: 0,
    refs: [],
  };
}

function count(line: WireLine, ref: FrameRef): void {
  line.updated = Math.floor(ref.time / 1000);
  line.frames += 1;
  if (line.refs.length <= FIRST_REFS) line.refs.push(ref);
  else line.refs[FIRST_REFS] = ref;
}
