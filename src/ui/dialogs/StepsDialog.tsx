import { useSnapshot, useUi } from '../app/context.js';
import { place } from '../app/parts.js';
import { inner, Pane } from '../panes/Pane.js';
import { stepMark, stepWord } from '../screens/progress.js';
import { stepKey } from '../state/lab-state.js';
import { plain, spread } from '../theme/text.js';
import { List } from './List.js';

/** The steps of the lesson with what became of them; enter goes there, nothing is run. */
export function StepsDialog({ width, height }: { width: number; height: number }) {
  const { parts, actions, theme } = useUi();
  const { lab } = useSnapshot();
  const at = place(parts);
  if (at === undefined) return null;
  const size = { width: Math.min(width, 84), height: Math.min(height, at.lesson.steps.length + 2) };
  const room = inner(size);
  const digits = String(at.lesson.steps.length).length;
  const items = at.lesson.steps.map(({ id, title }, index) => {
    const status = lab.steps[stepKey(at.lesson.id, id)]?.status;
    const left = `${stepMark(status, theme)} ${String(index + 1).padStart(digits)} ${plain(title)}`;
    return { value: id, label: spread(left, theme.paint('dim', stepWord(status)), room.width - 2) };
  });
  return (
    <Pane title={plain(at.lesson.title)} {...size} focused theme={theme}>
      <List items={items} {...room} initial={at.index} onSelect={(_value, index) => actions.goToStep(index)} />
    </Pane>
  );
}
