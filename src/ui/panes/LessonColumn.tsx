import { Box } from 'ink';
import { useSnapshot, useUi } from '../app/context.js';
import { keyContext, type Parts, place } from '../app/parts.js';
import { ScrolledLines } from '../dialogs/ScrolledLines.js';
import { activeBindings } from '../keys/table.js';
import { cardLines } from '../lesson/failure-card.js';
import { notesLines } from '../lesson/notes.js';
import { useProse } from '../lesson/use-prose.js';
import { stepKey } from '../state/lab-state.js';
import { LessonPane } from './LessonPane.js';
import { Lines } from './Lines.js';
import { inner, Pane } from './Pane.js';

/** The lesson, and below it what needs attention: the failure card, a hint or the speaker notes. */
export function LessonColumn({ width, height, focused }: { width: number; height: number; focused: boolean }) {
  const { parts, theme } = useUi();
  const { view, lab } = useSnapshot();
  const prose = useProse();
  const at = place(parts);
  if (at === undefined) return null;
  const state = lab.steps[stepKey(at.lesson.id, at.step.id)];
  const text = width - 4;
  const { dialog } = view;
  const room = Math.floor(height * 0.6);

  if (dialog?.kind === 'hint' || dialog?.kind === 'notes') {
    const lines = notesLines(dialog.kind, at, text, prose);
    const size = { width, height: Math.min(room, lines.length + 2) };
    return (
      <Box flexDirection="column">
        <LessonPane width={width} height={height - size.height} focused={false} at={at} state={state} prose={prose} />
        <Pane title={dialog.kind === 'hint' ? 'Hint' : 'Speaker notes'} {...size} focused theme={theme}>
          <ScrolledLines lines={lines} scroll={dialog.scroll} {...inner(size)} />
        </Pane>
      </Box>
    );
  }
  const failed = state?.status === 'failed' && view.busy === undefined && !view.cardHidden;
  if (!failed)
    return <LessonPane width={width} height={height} focused={focused} at={at} state={state} prose={prose} />;
  const lines = cardLines(state, at.step, theme, text, room - 2, prose, cardKeys(parts));
  const size = { width, height: lines.length + 2 };
  return (
    <Box flexDirection="column">
      <LessonPane width={width} height={height - size.height} focused={focused} at={at} state={state} prose={prose} />
      <Pane title="Step failed" note={state.latest?.failure?.code ?? ''} {...size} bad theme={theme}>
        <Lines lines={lines} {...inner(size)} />
      </Pane>
    </Box>
  );
}

/** The keys that help after a failure, as far as they do something. */
function cardKeys(parts: Parts) {
  const wanted = [
    ['rerun', 'rerun'],
    ['skip', 'skip'],
    ['shell', 'shell'],
    ['explore', 'explore'],
  ] as const;
  const active = activeBindings({ ...keyContext(parts), view: { ...parts.store.view, pane: 'lesson' } });
  return wanted.flatMap(([id, meaning]) => {
    const key = active.find(({ binding }) => binding.id === id)?.keys[0];
    return key === undefined ? [] : [{ key, meaning }];
  });
}
