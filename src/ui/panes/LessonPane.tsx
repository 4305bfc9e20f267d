import { useSnapshot, useUi } from '../app/context.js';
import type { Place } from '../app/parts.js';
import { followOffset, lessonLines, type Prose } from '../lesson/lesson-lines.js';
import type { StepView } from '../state/lab-state.js';
import { WIDE } from '../state/layout.js';
import { Lines } from './Lines.js';
import { inner, Pane } from './Pane.js';

interface Props {
  width: number;
  height: number;
  focused: boolean;
  at: Place;
  state: StepView | undefined;
  prose: Prose;
}

/** Lines of output under an action where the output pane is not beside it. */
const TAIL = 6;

export function LessonPane({ width, height, focused, at, state, prose }: Props) {
  const { parts, theme } = useUi();
  const { view, now } = useSnapshot();
  const size = { width, height };
  const room = inner(size);
  const alone = parts.viewport.columns < WIDE || view.zoom === 'full';
  const look = {
    theme,
    width: room.width,
    now,
    native: view.native,
    failures: view.cardHidden,
    tail: alone ? TAIL : 0,
  };
  const text = lessonLines(at.lesson, at.step, at.index, state, look, prose);
  const max = Math.max(0, text.lines.length - room.height);
  const offset = Math.min(max, view.scroll ?? followOffset(text, room.height));
  parts.viewport.lesson = { offset, max, page: room.height };
  const below = max - offset;
  const note = below > 0 ? `↓ ${below} more` : offset > 0 ? '↑ end' : '';
  return (
    <Pane title="Lesson" note={note} {...size} focused={focused} theme={theme}>
      <Lines lines={text.lines.slice(offset, offset + room.height)} {...room} />
    </Pane>
  );
}
