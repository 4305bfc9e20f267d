import { useSnapshot, useUi } from '../app/context.js';
import { logSource } from '../app/parts.js';
import { logLines } from '../logs/log-lines.js';
import { countMatches, type LogPosition } from '../logs/log-position.js';
import type { LogSource } from '../logs/log-source.js';
import type { LogId } from '../state/view.js';
import type { Theme } from '../theme/theme.js';
import { Lines } from './Lines.js';
import { inner, Pane } from './Pane.js';

interface Props {
  id: LogId;
  title: string;
  empty: string;
  width: number;
  height: number;
  focused: boolean;
}

/** A log: its end as it grows, or the place that was scrolled or searched to. */
export function LogPane({ id, title, empty, width, height, focused }: Props) {
  const { parts, theme } = useUi();
  const { view } = useSnapshot();
  const source = logSource(parts, id);
  const position = view.logs[id];
  const room = inner({ width, height });
  const search = focused && (view.search !== undefined || position.query !== undefined);
  const body = { width: room.width, height: room.height - (search ? 1 : 0) };
  const { lines, page } = logLines(source, position, body, theme);
  parts.viewport.logs[id] = page;
  const shown = source.end === source.first ? [theme.paint('dim', empty)] : lines;
  const note =
    position.top === undefined
      ? focused
        ? 'following'
        : ''
      : `paused, ${source.end - page.top - page.size} below, G follows`;
  return (
    <Pane title={title} note={note} width={width} height={height} focused={focused} theme={theme}>
      <Lines
        lines={search ? [...filled(shown, body.height), searchLine(view.search, position, source, theme)] : shown}
        {...room}
      />
    </Pane>
  );
}

function filled(lines: readonly string[], height: number): string[] {
  return Array.from({ length: height }, (_, index) => lines[index] ?? '');
}

function searchLine(typed: string | undefined, position: LogPosition, source: LogSource, theme: Theme): string {
  const query = typed ?? position.query ?? '';
  const prompt = `${theme.paint('accent', '/')}${query}${typed === undefined ? '' : theme.paint('accent', '_')}`;
  if (query === '') return prompt;
  const { total, at } = countMatches(source, query, position.match ?? -1);
  const result =
    total === 0 ? theme.paint('warn', 'no match') : theme.paint('dim', `${at === 0 ? '' : `${at} of `}${total} lines`);
  return `${prompt}  ${result}`;
}
