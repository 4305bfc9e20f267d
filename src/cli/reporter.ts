import type { LabEvent } from '../engine/events.js';
import { createPlainReporter } from '../ui/plain/plain-reporter.js';
import { createProgressLine } from './progress-line.js';

/** Events as lines for people; on a terminal, long work shows as one line that is drawn over. */
export function createReporter(
  stream: NodeJS.WriteStream,
  options: { color: boolean; verbose?: boolean },
): (event: LabEvent) => void {
  const color = options.color && stream.isTTY === true && !process.env.NO_COLOR;
  if (stream.isTTY !== true)
    return createPlainReporter((text) => stream.write(text), { color, verbose: options.verbose ?? false });
  const line = createProgressLine(stream);
  const plain = createPlainReporter((text) => line.above(text), { color, verbose: options.verbose ?? false });
  return (event) => {
    if (event.type === 'progress') line.progress(event);
    else if (event.type === 'wait') line.wait(event, plain);
    else plain(event);
  };
}
