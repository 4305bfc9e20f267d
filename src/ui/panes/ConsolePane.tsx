import { useSnapshot } from '../app/context.js';
import { LogPane } from './LogPane.js';

/** The serial console of the machine that is looked at. */
export function ConsolePane(size: { width: number; height: number; focused: boolean }) {
  const { view } = useSnapshot();
  const machine = view.machine ?? '';
  return <LogPane id="console" title={`Console ${machine}`} empty={`${machine} has printed nothing yet.`} {...size} />;
}
