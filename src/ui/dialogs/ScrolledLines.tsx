import { useUi } from '../app/context.js';
import { Lines } from '../panes/Lines.js';

/** Lines of the open dialog from `scroll` on; tells the keys how far they can scroll. */
export function ScrolledLines(props: { lines: readonly string[]; scroll: number; width: number; height: number }) {
  const { parts, theme } = useUi();
  const { lines, width, height } = props;
  const max = Math.max(0, lines.length - height);
  parts.viewport.dialog = { max, page: height };
  const from = Math.min(props.scroll, max);
  const shown = lines.slice(from, from + height);
  const below = lines.length - from - height;
  if (below > 0 && shown.length > 0) shown[shown.length - 1] = theme.paint('dim', `↓ ${below + 1} more lines`);
  return <Lines lines={shown} width={width} height={height} />;
}
