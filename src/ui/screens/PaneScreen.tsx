import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { useSnapshot, useUi } from '../app/context.js';
import { screenLayout } from '../app/parts.js';
import { ClusterPane } from '../cluster/ClusterPane.js';
import { ConsolePane } from '../panes/ConsolePane.js';
import { LogPane } from '../panes/LogPane.js';
import { MachinesPane } from '../panes/MachinesPane.js';
import { type Area, visiblePanes } from '../state/layout.js';
import { type PaneId, paneSpec } from '../state/panes.js';
import { width as columnsOf } from '../theme/text.js';
import { UpdatesPane } from '../updates/UpdatesPane.js';
import { WirePane } from '../wire/WirePane.js';
import { FooterLine, MessageLine } from './Footer.js';

interface PaneSize {
  width: number;
  height: number;
  focused: boolean;
}

interface Props {
  columns: number;
  header: ReactNode;
  /** Name of the first pane, the one that tells what to do, and the pane itself. */
  first: string;
  firstPane(size: PaneSize): ReactNode;
}

/** A header and panes: side by side, or one at a time under tabs where there is less room. */
export function PaneScreen({ columns, header, first, firstPane }: Props) {
  const { parts } = useUi();
  const { view } = useSnapshot();
  const areas = screenLayout(parts);
  const shows = (id: PaneId) => (areas.kind === 'tabs' ? view.pane === id : visiblePanes(areas).includes(id));
  parts.viewport.showsConsole = shows('console');
  parts.viewport.showsWire = shows('wire');
  const pane = (area: Area) => <PaneOf key={area.id} area={area} firstPane={firstPane} />;
  return (
    <>
      {header}
      {areas.kind === 'tabs' && (
        <>
          <Tabs tabs={areas.tabs} width={columns} first={first} />
          {pane(areas.body)}
        </>
      )}
      {areas.kind === 'split' && (
        <Box flexDirection="row">
          {[areas.left, areas.right].map(
            (column, index) =>
              column.length > 0 && (
                <Box key={index === 0 ? 'left' : 'right'} flexDirection="column" flexShrink={0}>
                  {column.map(pane)}
                </Box>
              ),
          )}
        </Box>
      )}
      <MessageLine width={columns} />
      {view.footer && <FooterLine width={columns} />}
    </>
  );
}

function PaneOf({ area, firstPane }: { area: Area; firstPane: Props['firstPane'] }) {
  const { view } = useSnapshot();
  const { id, width, height } = area;
  const size = { width, height, focused: view.pane === id };
  switch (id) {
    case 'lesson':
      return firstPane(size);
    case 'machines':
      return <MachinesPane {...size} />;
    case 'cluster':
      return <ClusterPane {...size} />;
    case 'updates':
      return <UpdatesPane {...size} />;
    case 'console':
      return <ConsolePane {...size} />;
    case 'wire':
      return <WirePane {...size} />;
    case 'output':
      return <LogPane {...size} id="output" title="Output" empty="What is run prints here." />;
    case 'commands':
      return <LogPane {...size} id="commands" title="Commands" empty="Every command line that is run appears here." />;
  }
}

function Tabs({ tabs, width, first }: { tabs: readonly PaneId[]; width: number; first: string }) {
  const { theme } = useUi();
  const { view } = useSnapshot();
  const bar = (around: string, gap: string) =>
    tabs
      .map((id, index) => {
        const label = `${index + 1} ${id === 'lesson' ? first : paneSpec(id).name}`;
        return id === view.pane
          ? theme.paint('selected', `[${label}]`)
          : theme.paint('dim', `${around}${label}${around}`);
      })
      .join(gap);
  const bars = [bar(' ', ' '), bar(' ', ''), bar('', ' ')];
  const text = bars.find((each) => columnsOf(each) < width) ?? bars.at(-1);
  return (
    <Box width={width}>
      <Text wrap="truncate-end"> {text}</Text>
    </Box>
  );
}
