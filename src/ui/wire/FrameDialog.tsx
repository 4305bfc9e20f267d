import { useUi } from '../app/context.js';
import { ScrolledLines } from '../dialogs/ScrolledLines.js';
import { inner, Pane } from '../panes/Pane.js';
import type { Dialog } from '../state/view.js';

interface Props {
  width: number;
  height: number;
  dialog: Extract<Dialog, { kind: 'frame' }>;
}

/** A frame, decoded and as bytes. */
export function FrameDialog({ width, height, dialog }: Props) {
  const { theme } = useUi();
  const size = { width: Math.min(width, 100), height: Math.min(height, dialog.lines.length + 2) };
  const note = dialog.count > 1 ? `frame ${dialog.index + 1} of ${dialog.count} kept` : '';
  return (
    <Pane title={dialog.title} note={note} {...size} focused theme={theme}>
      <ScrolledLines lines={dialog.lines} scroll={dialog.scroll} {...inner(size)} />
    </Pane>
  );
}
