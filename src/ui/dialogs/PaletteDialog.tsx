import { useUi } from '../app/context.js';
import { keyContext } from '../app/parts.js';
import { paletteEntries } from '../keys/palette.js';
import { Lines } from '../panes/Lines.js';
import { inner, Pane } from '../panes/Pane.js';
import { plain, spread } from '../theme/text.js';
import { glyph } from '../theme/theme.js';

interface Props {
  width: number;
  height: number;
  query: string;
  index: number;
}

/** Type to filter, arrows to choose. */
export function PaletteDialog({ width, height, query, index }: Props) {
  const { parts, actions, theme } = useUi();
  const size = { width: Math.min(width, 84), height: Math.min(height, 24) };
  const room = inner(size);
  const entries = paletteEntries(keyContext(parts), actions, query);
  const rows = room.height - 2;
  const from = Math.max(0, Math.min(index - Math.floor(rows / 2), entries.length - rows));
  const lines = entries.slice(from, from + rows).map(({ text, key }, at) => {
    const chosen = from + at === index;
    const label = chosen ? theme.paint('selected', `${glyph.cursor} ${plain(text)}`) : `  ${plain(text)}`;
    return spread(label, theme.paint('dim', key), room.width);
  });
  const found = entries.length === 0 ? [theme.paint('dim', 'Nothing of that name.')] : lines;
  const input = `${theme.paint('selected', ':')} ${query}${theme.paint('accent', '_')}`;
  return (
    <Pane title="Commands" note={`${entries.length}`} {...size} focused theme={theme}>
      <Lines lines={[input, '', ...found]} {...room} />
    </Pane>
  );
}
