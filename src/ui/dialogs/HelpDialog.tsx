import { useSnapshot, useUi } from '../app/context.js';
import { keyContext } from '../app/parts.js';
import { helpLines } from '../keys/help.js';
import { inner, Pane } from '../panes/Pane.js';
import { ScrolledLines } from './ScrolledLines.js';

export function HelpDialog({ width, height }: { width: number; height: number }) {
  const { parts, theme } = useUi();
  const { view } = useSnapshot();
  const lines = helpLines(keyContext(parts), inner({ width, height }).width, theme);
  const size = { width, height: Math.min(height, lines.length + 2) };
  const scroll = view.dialog?.kind === 'help' ? view.dialog.scroll : 0;
  return (
    <Pane title="Keys" note="dim: not now" {...size} theme={theme}>
      <ScrolledLines lines={lines} scroll={scroll} {...inner(size)} />
    </Pane>
  );
}
