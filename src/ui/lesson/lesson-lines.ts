import type { Lesson, Step } from '../../steps/lesson.js';
import type { AttemptView, StepView } from '../state/lab-state.js';
import { timeOfDay } from '../theme/format.js';
import { wrap } from '../theme/text.js';
import { type ActionLook, actionLines } from './action-lines.js';

export interface LessonText {
  lines: string[];
  /** Line range of the last action that was begun: what should be on the screen. */
  focus: { from: number; to: number } | undefined;
}

export type Prose = (markdown: string, width: number) => string[];

/** The step as lines: prose between actions, each action with its present state. */
export function lessonLines(
  lesson: Lesson,
  step: Step,
  index: number,
  state: StepView | undefined,
  look: ActionLook,
  prose: Prose,
): LessonText {
  const lines: string[] = [];
  let focus: LessonText['focus'];
  const add = (block: readonly string[]) => {
    if (block.length === 0) return;
    if (lines.length > 0) lines.push('');
    lines.push(...block);
  };
  const { theme, width } = look;
  if (index === 0 && lesson.intro.trim() !== '') {
    add(prose(lesson.intro, width));
    add([theme.paint('dim', '─'.repeat(width))]);
  }
  add(wrap(theme.paint('heading', step.title), width));
  for (const block of step.blocks) {
    if (block.kind === 'prose') {
      add(prose(block.markdown, width));
      continue;
    }
    const view = state?.latest?.actions.find(({ id }) => id === block.action.id);
    if (block.action.hidden && view?.status !== 'started' && view?.status !== 'failed') continue;
    const text = actionLines(block.action, view, look);
    add(text);
    // The last action that was begun: the others come after it.
    if (view !== undefined && view.status !== 'skipped') {
      focus = { from: lines.length - text.length, to: lines.length };
    }
  }
  const note = attemptNote(state);
  if (note !== undefined) add(wrap(theme.paint(note.tone, note.text), width));
  return { lines, focus };
}

function attemptNote(state: StepView | undefined): { text: string; tone: 'warn' | 'dim' } | undefined {
  const { latest, status } = state ?? {};
  const which = (attempt: AttemptView) => `── attempt ${attempt.attempt} · ${timeOfDay(attempt.started)} ──`;
  if (status === 'interrupted') {
    return {
      text: 'This step was interrupted. Press r to rerun it: what was done is found, the rest is made up for.',
      tone: 'warn',
    };
  }
  if (status === 'skipped') return { text: 'Skipped.', tone: 'dim' };
  if (latest !== undefined && latest.attempt > 1) return { text: which(latest), tone: 'dim' };
  return undefined;
}

/** First line to show so that the focus is on the screen, a little context above it. */
export function followOffset(text: LessonText, height: number): number {
  const max = Math.max(0, text.lines.length - height);
  if (text.focus === undefined) return max;
  const { from, to } = text.focus;
  const offset = to - from >= height ? to - height : Math.max(0, to + 1 - height);
  return Math.max(0, Math.min(max, Math.max(offset, Math.min(from - 2, max))));
}
