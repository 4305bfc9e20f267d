import { useUi } from '../app/context.js';
import { Lines } from '../panes/Lines.js';
import { inner, Pane } from '../panes/Pane.js';
import type { Dialog } from '../state/view.js';
import { wrap } from '../theme/text.js';

interface Props {
  width: number;
  height: number;
  dialog: Extract<Dialog, { kind: 'confirm' }>;
}

/** Asks before something is taken away: y or n, or the lab's name for what cannot be had back. */
export function ConfirmDialog({ width, height, dialog }: Props) {
  const { theme } = useUi();
  const wide = Math.min(width, 76);
  const ask =
    dialog.word === undefined
      ? `${theme.paint('selected', 'y')} yes   ${theme.paint('selected', 'n')} no`
      : `Type ${theme.paint('selected', dialog.word)} and press enter: ${dialog.typed}${theme.paint('accent', '_')}`;
  const lines = [...wrap(dialog.text, wide - 4), '', ask];
  const size = { width: wide, height: Math.min(height, lines.length + 2) };
  return (
    <Pane title={dialog.title} {...size} bad theme={theme}>
      <Lines lines={lines} {...inner(size)} />
    </Pane>
  );
}
