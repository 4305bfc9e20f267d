import { useSnapshot, useUi } from '../app/context.js';
import { Lines } from '../panes/Lines.js';
import { inner, Pane } from '../panes/Pane.js';
import { updatesLines } from './updates-lines.js';

/** The update server and its rollout, the reboot lock, and of each node version, slots and engine. */
export function UpdatesPane({ width, height, focused }: { width: number; height: number; focused: boolean }) {
  const { theme } = useUi();
  const { lab, view } = useSnapshot();
  const size = { width, height };
  const room = inner(size);
  const lines = updatesLines(lab.updates, { theme, ...room, selected: view.machine });
  const holders = lab.updates?.lock.holders ?? [];
  const note = holders.length === 0 ? '' : `lock: ${holders.map(({ machine }) => machine ?? '?').join(', ')}`;
  return (
    <Pane title="Updates" note={note} {...size} focused={focused} theme={theme}>
      <Lines lines={lines.slice(0, room.height)} {...room} />
    </Pane>
  );
}
