import { useUi } from '../app/context.js';
import { Lines } from '../panes/Lines.js';
import { inner, Pane } from '../panes/Pane.js';
import { hang, plain } from '../theme/text.js';

/** What free exploration left different. */
export function ChangesDialog({ width, height, lines }: { width: number; height: number; lines: readonly string[] }) {
  const { theme } = useUi();
  const wide = Math.min(width, 90);
  const text = lines.flatMap((line) => hang('· ', plain(line), wide - 4));
  const room = Math.max(1, height - 4);
  const shown = text.length <= room ? text : [`… ${text.length - room + 1} more above`, ...text.slice(1 - room)];
  const all = [
    ...shown,
    '',
    theme.paint('dim', 'Steps can be run again at any time: they find the machines as they are.'),
  ];
  const size = { width: wide, height: Math.min(height, all.length + 2) };
  return (
    <Pane title="What you changed" {...size} focused theme={theme}>
      <Lines lines={all} {...inner(size)} />
    </Pane>
  );
}
