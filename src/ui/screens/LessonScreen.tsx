import { Box, Text } from 'ink';
import { useSnapshot, useUi } from '../app/context.js';
import { place, screenLayout } from '../app/parts.js';
import { ConsolePane } from '../panes/ConsolePane.js';
import { LessonColumn } from '../panes/LessonColumn.js';
import { LogPane } from '../panes/LogPane.js';
import { MachinesPane } from '../panes/MachinesPane.js';
import { type Area, visiblePanes } from '../state/layout.js';
import type { PaneId } from '../state/view.js';
import { FooterLine, MessageLine } from './Footer.js';
import { Header } from './Header.js';

/** The lesson beside the live panes, or one of them at a time under tabs. */
export function LessonScreen({ columns }: { columns: number; rows: number }) {
  const { parts } = useUi();
  const { view } = useSnapshot();
  const at = place(parts);
  if (at === undefined) return <Text>This lesson has no steps.</Text>;
  const number = parts.options.workshop.lessons.indexOf(at.lesson) + 1;
  const areas = screenLayout(parts);
  parts.viewport.showsConsole =
    areas.kind === 'tabs' ? view.pane === 'console' : visiblePanes(areas).includes('console');
  return (
    <>
      <Header width={columns} at={at} number={number} />
      {areas.kind === 'tabs' && (
        <>
          <Tabs tabs={areas.tabs} width={columns} />
          <PaneOf area={areas.body} />
        </>
      )}
      {areas.kind === 'split' && (
        <Box flexDirection="row">
          {[areas.left, areas.right].map(
            (column, index) =>
              column.length > 0 && (
                <Box key={index === 0 ? 'left' : 'right'} flexDirection="column" flexShrink={0}>
                  {column.map((area) => (
                    <PaneOf key={area.id} area={area} />
                  ))}
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

function PaneOf({ area }: { area: Area }) {
  const { view } = useSnapshot();
  const { id, width, height } = area;
  const focused = view.pane === id;
  const size = { width, height, focused };
  switch (id) {
    case 'lesson':
      return <LessonColumn {...size} />;
    case 'machines':
      return <MachinesPane {...size} />;
    case 'console':
      return <ConsolePane {...size} />;
    case 'output':
      return <LogPane {...size} id="output" title="Output" empty="What steps print appears here." />;
    case 'commands':
      return <LogPane {...size} id="commands" title="Commands" empty="Every command line that is run appears here." />;
  }
}

const NAMES: Record<PaneId, string> = {
  lesson: 'Lesson',
  machines: 'Machines',
  console: 'Console',
  output: 'Output',
  commands: 'Commands',
};

function Tabs({ tabs, width }: { tabs: readonly PaneId[]; width: number }) {
  const { theme } = useUi();
  const { view } = useSnapshot();
  const text = tabs
    .map((id, index) => {
      const label = `${index + 1} ${NAMES[id]}`;
      return id === view.pane ? theme.paint('selected', `[${label}]`) : theme.paint('dim', ` ${label} `);
    })
    .join(' ');
  return (
    <Box width={width}>
      <Text wrap="truncate-end"> {text}</Text>
    </Box>
  );
}
