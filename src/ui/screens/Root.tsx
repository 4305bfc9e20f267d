import { Box, useApp, useInput, usePaste, useStdin, useWindowSize } from 'ink';
import { useEffect } from 'react';
import { useSnapshot, useUi } from '../app/context.js';
import { dispatch, paste } from '../app/dispatch.js';
import { DialogLayer, isFullDialog } from '../dialogs/DialogLayer.js';
import { ExploreScreen } from '../explore/ExploreScreen.js';
import { keyNames } from '../keys/names.js';
import { stopReading } from '../keys/one-key-stream.js';
import { MINIMUM } from '../state/layout.js';
import { CleanupScreen } from './CleanupScreen.js';
import { DoctorScreen } from './DoctorScreen.js';
import { FooterLine, MessageLine } from './Footer.js';
import { HomeScreen } from './HomeScreen.js';
import { LessonScreen } from './LessonScreen.js';
import { TooSmall } from './TooSmall.js';

/** The whole screen: exactly as many rows as the terminal has, never more. `inlineRows` limits it outside full screen. */
export function Root({ inlineRows }: { inlineRows?: number }) {
  const { parts } = useUi();
  const { view } = useSnapshot();
  const app = useApp();
  const { stdin } = useStdin();
  const size = useWindowSize();
  // A Windows console scrolls when its last cell is written.
  const spare = process.platform === 'win32' || inlineRows !== undefined ? 1 : 0;
  const columns = size.columns;
  const rows = Math.max(1, (inlineRows === undefined ? size.rows : Math.min(size.rows, inlineRows)) - spare);
  parts.viewport.columns = columns;
  parts.viewport.rows = rows;

  useEffect(() => {
    parts.terminal.suspend = (work) =>
      app.suspendTerminal(async () => {
        await stopReading(stdin as NodeJS.ReadStream);
        await work();
        // Work that read the terminal itself has to be done with it before it is listened to again.
        await stopReading(stdin as NodeJS.ReadStream);
      });
  }, [parts, app, stdin]);

  const small = columns < MINIMUM.columns || size.rows < MINIMUM.rows;
  return (
    <Box width={columns} height={rows} overflow="hidden" flexDirection="column">
      <Keys />
      {small ? (
        <TooSmall columns={columns} rows={rows} actual={size.rows} />
      ) : isFullDialog(view.dialog) ? (
        <DialogLayer columns={columns} rows={rows} />
      ) : (
        <Screen columns={columns} rows={rows} />
      )}
    </Box>
  );
}

/**
 * Hears keys before any list or pane does, since it is the first child: what a key means is decided by the screen on which it
 * was pressed, not by the one that it opens.
 */
function Keys() {
  const { parts, actions } = useUi();
  useInput((input, key) => {
    for (const name of keyNames(input, key)) dispatch(parts, actions, name);
  });
  usePaste((text) => paste(parts, actions, text));
  return null;
}

function Screen({ columns, rows }: { columns: number; rows: number }) {
  const { view } = useSnapshot();
  if (view.screen === 'lesson') return <LessonScreen columns={columns} />;
  if (view.screen === 'explore') return <ExploreScreen columns={columns} />;
  const body = rows - 2;
  return (
    <>
      <Box height={body} width={columns} overflow="hidden" flexDirection="column">
        {view.screen === 'home' && <HomeScreen columns={columns} rows={body} />}
        {view.screen === 'doctor' && <DoctorScreen columns={columns} rows={body} />}
        {view.screen === 'cleanup' && <CleanupScreen columns={columns} rows={body} />}
      </Box>
      <MessageLine width={columns} />
      <FooterLine width={columns} />
    </>
  );
}
