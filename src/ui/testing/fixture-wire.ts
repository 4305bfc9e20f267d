import { readFileSync } from 'node:fs';
import { defaultLabConfig } from '../../engine/config/defaults.js';
import type { Wire } from '../../engine/lab/wire-watch.js';
import { frameFields } from '../../engine/wire/fields.js';
import { Names, wireMachines } from '../../engine/wire/names.js';
import { FILE_HEADER, type FrameRef, PcapParser } from '../../engine/wire/pcap-parser.js';
import { fixture } from '../../engine/wire/test-support.js';
import { Tracker } from '../../engine/wire/tracker.js';
import { WireLog } from '../../engine/wire/wire-log.js';

export interface FixtureWire extends Wire {
  /** Filters of the captures that were exported. */
  exported: string[];
  /** Plays the capture up to this many frames; the rest comes later. */
  play(frames: number): void;
}

/** A recorded boot as the lab would have seen it on the wire. */
export function fixtureWire(name = 'boot.pcap', frames = Number.POSITIVE_INFINITY): FixtureWire {
  const bytes = readFileSync(fixture(name));
  const names = new Names(wireMachines(defaultLabConfig()));
  const log = new WireLog(names);
  const tracker = new Tracker(names, log.take);
  const all: [Buffer, FrameRef][] = [];
  const parser = new PcapParser({ littleEndian: true, nano: false }, 1);
  parser.push(bytes.subarray(FILE_HEADER), (frame, ref) => all.push([frame, ref]));
  let played = 0;
  const exported: string[] = [];
  const play = (count: number) => {
    for (; played < Math.min(count, all.length); played++) tracker.take(...(all[played] as [Buffer, FrameRef]));
  };
  play(frames);
  return {
    get lines() {
      return log.lines;
    },
    get version() {
      return log.version;
    },
    file: '/state/labs/default/wire.pcap',
    async look(ref) {
      const frame = bytes.subarray(ref.offset, ref.offset + ref.stored);
      return { bytes: frame, fields: frameFields(frame, ref.length, names) };
    },
    async export(_file, filter) {
      exported.push(JSON.stringify(filter));
      return 15;
    },
    exported,
    play,
  };
}
