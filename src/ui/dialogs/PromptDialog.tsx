import { useUi } from '../app/context.js';
import { Lines } from '../panes/Lines.js';
import { inner, Pane } from '../panes/Pane.js';
import type { Dialog } from '../state/view.js';
import { plain, wrap } from '../theme/text.js';

interface Props {
  width: number;
  height: number;
  dialog: Extract<Dialog, { kind: 'prompt' }>;
}

/** Asks for a line of text. */
export function PromptDialog({ width, height, dialog }: Props) {
  const { theme } = useUi();
  const wide = Math.min(width, 90);
  const lines = wrap(
    `${theme.paint('dim', `${dialog.label}:`)} ${plain(dialog.text)}${theme.paint('accent', '_')}`,
    wide - 4,
  );
  const size = { width: wide, height: Math.min(height, lines.length + 2) };
  return (
    <Pane title={dialog.title} {...size} focused theme={theme}>
      <Lines lines={lines} {...inner(size)} />
    </Pane>
  );
}
