import { useSnapshot, useUi } from '../app/context.js';
import { Lines } from '../panes/Lines.js';
import { inner, Pane } from '../panes/Pane.js';
import { bytes, timeOfDay } from '../theme/format.js';
import { pad, plain } from '../theme/text.js';
import { List } from './List.js';

/** Savepoints to bring back; asks before the present state is lost. */
export function SavepointsDialog({ width, height }: { width: number; height: number }) {
  const { actions, theme } = useUi();
  const { view } = useSnapshot();
  const savepoints = view.savepoints ?? [];
  const size = { width: Math.min(width, 90), height: Math.min(height, Math.max(1, savepoints.length) + 2) };
  const room = inner(size);
  const items = savepoints.map(({ name, machines, bytes: count, time }) => ({
    value: name,
    label: `${pad(plain(name), 24)} ${theme.paint('dim', `${timeOfDay(time)}  ${machines.join(', ')}  ${bytes(count)}`)}`,
  }));
  return (
    <Pane title="Bring a savepoint back" {...size} focused theme={theme}>
      {items.length === 0 ? (
        <Lines lines={['Nothing is saved.']} {...room} />
      ) : (
        <List items={items} {...room} onSelect={(name) => actions.askRestore(name)} />
      )}
    </Pane>
  );
}
