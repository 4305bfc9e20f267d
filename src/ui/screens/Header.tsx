import { Text } from 'ink';
import { useSnapshot, useUi } from '../app/context.js';
import type { Place } from '../app/parts.js';
import { elapsed } from '../state/view.js';
import { clock } from '../theme/format.js';
import { clip, width as columnsOf, plain, spread } from '../theme/text.js';

/** ` coreos-lab   1 Up the sandbox   step 4/9 Boot the nodes …            12:41 of 20:00` */
export function Header({ width, at, number }: { width: number; at: Place; number: number }) {
  const { theme } = useUi();
  const { view, now } = useSnapshot();
  const { lesson, step, index } = at;
  const spent = elapsed(view.timer, now);
  const total = lesson.duration * 60_000;
  const paused = view.timer.runningSince === undefined && spent > 0 ? ' paused' : '';
  const text =
    spent > total
      ? `${clock(spent)} of ${clock(total)}, ${clock(spent - total)} over`
      : `${clock(spent)} of ${clock(total)}`;
  const tone = spent > total ? 'bad' : spent > total * 0.8 ? 'warn' : spent > 0 ? 'plain' : 'dim';
  const right = theme.paint(tone, `  ${text}${paused} `);
  const stepText = `${theme.paint('dim', `step ${index + 1}/${lesson.steps.length}`)} ${theme.paint('strong', plain(step.title))}`;
  const name = ` ${theme.paint('heading', 'coreos-lab')}   `;
  const room = width - columnsOf(name) - columnsOf(stepText) - columnsOf(right) - 6;
  const lessonText = room >= 24 ? `${clip(`${number} ${plain(lesson.title)}`, room)}   ` : '';
  return <Text wrap="truncate-end">{spread(name + lessonText + stepText, right, width)}</Text>;
}
