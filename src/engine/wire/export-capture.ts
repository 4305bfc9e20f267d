import { LabError } from '../errors.js';
import { CaptureFile } from './capture-file.js';
import type { Names } from './names.js';
import type { FrameSink } from './pcap-parser.js';
import { Tracker } from './tracker.js';
import { matches, type WireFilter, type WireLine } from './wire-line.js';
import { WireLog } from './wire-log.js';

/** Reads all frames; may be called again for the same ones. */
export type FrameSource = (sink: FrameSink) => Promise<void>;

/**
 * Writes the frames of all lines that pass a filter to a new capture; resolves with their number. Whether a line passes is only known at its
 * end, so frames are read twice: to be understood, then to be copied.
 */
export async function exportCapture(
  file: string,
  source: FrameSource,
  names: Names,
  filter: WireFilter,
): Promise<number> {
  const understood = new Map<number, { offsets: number[]; lines: WireLine[]; next: number }>();
  let line: WireLine | undefined;
  const log = new WireLog(names, { lines: 1000 });
  const tracker = new Tracker(names, (happening) => {
    line = log.take(happening);
  });
  await source((frame, ref) => {
    line = undefined;
    tracker.take(frame, ref);
    if (line === undefined) return;
    const of = understood.get(ref.file) ?? { offsets: [], lines: [], next: 0 };
    understood.set(ref.file, of);
    of.offsets.push(ref.offset);
    of.lines.push(line);
  });
  const passing = new Set([...understood.values()].flatMap(({ lines }) => [...new Set(lines)]));
  for (const each of passing) if (!matches(each, filter)) passing.delete(each);
  if (passing.size === 0) {
    throw new LabError({
      code: 'NOTHING_MATCHES',
      message: 'Nothing on the wire passes these filters, so no capture was written.',
      remedy: ['See what there is: coreos-lab wire'],
    });
  }
  const capture = CaptureFile.create(file);
  try {
    await source((frame, ref) => {
      const of = understood.get(ref.file);
      if (of === undefined) return;
      // A capture that is still written has more frames now.
      while ((of.offsets[of.next] ?? Number.POSITIVE_INFINITY) < ref.offset) of.next += 1;
      const told = of.offsets[of.next] === ref.offset ? of.lines[of.next] : undefined;
      if (told !== undefined && passing.has(told)) capture.add(frame, ref);
    });
  } finally {
    capture.close();
  }
  return capture.frames;
}
