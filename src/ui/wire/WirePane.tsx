import { useSnapshot, useUi } from '../app/context.js';
import { LogPane } from '../panes/LogPane.js';
import { lookText } from './wire-look.js';

/** What goes over the private network, as it comes. */
export function WirePane(size: { width: number; height: number; focused: boolean }) {
  const { parts } = useUi();
  const { view } = useSnapshot();
  const look = lookText(view.wire);
  const title = look === '' ? `Wire ${parts.options.workshop.lab.config.network.cidr}` : `Wire ${look}`;
  const empty = look === '' ? 'Nothing has gone over the private network yet.' : 'Nothing of that was on the wire.';
  return <LogPane id="wire" title={title} empty={empty} {...size} />;
}
