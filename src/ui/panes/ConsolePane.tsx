import { useSnapshot, useUi } from '../app/context.js';
import { Lines } from './Lines.js';
import { inner, Pane } from './Pane.js';

export function ConsolePane({ width, height, focused }: { width: number; height: number; focused: boolean }) {
  const { theme } = useUi();
  const { view } = useSnapshot();
  const size = { width, height };
  return (
    <Pane title={`Console ${view.machine ?? ''}`} {...size} focused={focused} theme={theme}>
      <Lines lines={[]} {...inner(size)} />
    </Pane>
  );
}
