import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { clip, width as columnsOf } from '../theme/text.js';
import { border, type Theme } from '../theme/theme.js';

export interface PaneProps {
  title: string;
  /** Said at the right end of the title line. */
  note?: string;
  width: number;
  height: number;
  focused?: boolean;
  bad?: boolean;
  theme: Theme;
  children: ReactNode;
}

/** Columns and rows that are left inside. */
export const inner = ({ width, height }: { width: number; height: number }) => ({
  width: Math.max(1, width - 4),
  height: Math.max(0, height - 2),
});

/** A framed area with its title in the frame. The one with the focus has a bright frame and a marked title. */
export function Pane({ title, note = '', width, height, focused = false, bad = false, theme, children }: PaneProps) {
  const colour = bad ? theme.border.bad : focused ? theme.border.focused : theme.border.calm;
  const dim = !focused && !bad;
  const paintFrame = (text: string) => theme.paint(bad ? 'bad' : focused ? 'accent' : 'dim', text);
  const name = clip(focused ? `▸ ${title}` : title, width - 6);
  const label = theme.paint(focused || bad ? 'strong' : 'plain', name);
  const room = width - columnsOf(name) - 6;
  const end = note === '' || room < 4 ? '' : ` ${clip(note, room - 2)} `;
  const line = border.top.repeat(Math.max(0, width - 5 - columnsOf(name) - columnsOf(end)));
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0} overflow="hidden">
      <Text wrap="truncate-end">
        {paintFrame(`${border.topLeft}${border.top} `)}
        {label}
        {paintFrame(` ${line}`)}
        {theme.paint('dim', end)}
        {paintFrame(border.topRight)}
      </Text>
      <Box
        borderStyle={border}
        borderTop={false}
        {...(colour === undefined ? {} : { borderColor: colour })}
        borderDimColor={dim}
        width={width}
        height={height - 1}
        paddingX={1}
        overflow="hidden"
        flexDirection="column"
      >
        {children}
      </Box>
    </Box>
  );
}
