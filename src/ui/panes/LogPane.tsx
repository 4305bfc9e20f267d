import { useSnapshot, useUi } from '../app/context.js';
import type { LineBuffer } from '../state/logs.js';
import { Lines } from './Lines.js';
import { inner, Pane } from './Pane.js';

interface Props {
  title: string;
  buffer: LineBuffer;
  empty: string;
  width: number;
  height: number;
  focused: boolean;
}

export function LogPane({ title, buffer, empty, width, height, focused }: Props) {
  const { theme } = useUi();
  useSnapshot();
  const room = inner({ width, height });
  const lines =
    buffer.length === 0
      ? [theme.paint('dim', empty)]
      : buffer.lines(Math.max(0, buffer.length - room.height), room.height);
  return (
    <Pane title={title} width={width} height={height} focused={focused} theme={theme}>
      <Lines lines={lines} {...room} />
    </Pane>
  );
}
