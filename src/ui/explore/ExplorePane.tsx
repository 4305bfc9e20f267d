import { useSnapshot, useUi } from '../app/context.js';
import { keyContext } from '../app/parts.js';
import { Lines } from '../panes/Lines.js';
import { inner, Pane } from '../panes/Pane.js';
import { exploreLines } from './explore-lines.js';

/** What can be done with the chosen machine, what went wrong, what is saved, what was changed so far. */
export function ExplorePane({ width, height, focused }: { width: number; height: number; focused: boolean }) {
  const { parts, theme } = useUi();
  const { now } = useSnapshot();
  const size = { width, height };
  const room = inner(size);
  return (
    <Pane title="Explore" {...size} focused={focused} theme={theme}>
      <Lines lines={exploreLines(keyContext(parts), room, theme, now)} {...room} />
    </Pane>
  );
}
