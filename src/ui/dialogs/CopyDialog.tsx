import { useSnapshot, useUi } from '../app/context.js';
import { place } from '../app/parts.js';
import { Lines } from '../panes/Lines.js';
import { inner, Pane } from '../panes/Pane.js';
import { stepKey } from '../state/lab-state.js';
import { plain } from '../theme/text.js';
import { List } from './List.js';

/** What can be copied here: the step's commands, the hypervisor's own lines, the last commands that were run. */
export function CopyDialog({ width, height }: { width: number; height: number }) {
  const { parts, actions, theme } = useUi();
  const { lab } = useSnapshot();
  const at = place(parts);
  const state = at === undefined ? undefined : lab.steps[stepKey(at.lesson.id, at.step.id)];
  const texts = [
    ...(at?.step.actions.filter(({ hidden }) => !hidden) ?? []).map(({ source }) => source.trimEnd()),
    ...(state?.latest?.actions.flatMap(({ native }) => native ?? []) ?? []),
    ...parts.logs.recentCommands,
  ].filter((text, index, all) => text.trim() !== '' && all.indexOf(text) === index);
  const size = { width, height: Math.min(height, Math.max(1, texts.length) + 2) };
  const room = inner(size);
  const items = texts.map((text, index) => {
    const lines = text.split('\n');
    const more = lines.length > 1 ? theme.paint('dim', `  (${lines.length} lines)`) : '';
    return { value: String(index), label: plain(lines[0] ?? '') + more };
  });
  const choose = (index: number) => actions.copy(texts[index] ?? '', `${plain(texts[index]?.split('\n')[0] ?? '')}`);
  return (
    <Pane title="Copy" {...size} focused theme={theme}>
      {items.length === 0 ? (
        <Lines lines={['Nothing was run yet.']} {...room} />
      ) : (
        <List items={items} {...room} onSelect={(_value, index) => choose(index)} />
      )}
    </Pane>
  );
}
