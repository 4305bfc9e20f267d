import { Box } from 'ink';
import { useSnapshot } from '../app/context.js';
import { FooterLine, MessageLine } from '../screens/Footer.js';
import type { Dialog } from '../state/view.js';
import { FrameDialog } from '../wire/FrameDialog.js';
import { ChangesDialog } from './ChangesDialog.js';
import { ConfirmDialog } from './ConfirmDialog.js';
import { CopyDialog } from './CopyDialog.js';
import { HelpDialog } from './HelpDialog.js';
import { PaletteDialog } from './PaletteDialog.js';
import { PromptDialog } from './PromptDialog.js';
import { QuitDialog } from './QuitDialog.js';
import { SavepointsDialog } from './SavepointsDialog.js';
import { StepsDialog } from './StepsDialog.js';
import { TrustDialog } from './TrustDialog.js';

/** Hints and notes stay beside the panes; every other dialog has the screen to itself. */
export function isFullDialog(dialog: Dialog | undefined): boolean {
  return dialog !== undefined && dialog.kind !== 'hint' && dialog.kind !== 'notes';
}

export function DialogLayer({ columns, rows }: { columns: number; rows: number }) {
  const { view } = useSnapshot();
  const { dialog } = view;
  const body = rows - 2;
  const size = { width: Math.min(columns, 110), height: body };
  return (
    <>
      <Box width={columns} height={body} overflow="hidden" justifyContent="center" alignItems="center">
        {dialog?.kind === 'help' && <HelpDialog {...size} />}
        {dialog?.kind === 'palette' && <PaletteDialog {...size} query={dialog.query} index={dialog.index} />}
        {dialog?.kind === 'steps' && <StepsDialog {...size} />}
        {dialog?.kind === 'copy' && <CopyDialog {...size} />}
        {dialog?.kind === 'quit' && <QuitDialog {...size} />}
        {dialog?.kind === 'savepoints' && <SavepointsDialog {...size} />}
        {dialog?.kind === 'changes' && <ChangesDialog {...size} lines={dialog.lines} />}
        {dialog?.kind === 'frame' && <FrameDialog {...size} dialog={dialog} />}
        {dialog?.kind === 'prompt' && <PromptDialog {...size} dialog={dialog} />}
        {dialog?.kind === 'trust' && <TrustDialog {...size} lesson={dialog.lesson} />}
        {dialog?.kind === 'confirm' && <ConfirmDialog {...size} dialog={dialog} />}
      </Box>
      <MessageLine width={columns} />
      <FooterLine width={columns} />
    </>
  );
}
