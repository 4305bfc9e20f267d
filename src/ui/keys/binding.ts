import type { ProviderCapabilities } from '../../engine/providers/provider.js';
import type { Lesson, Step } from '../../steps/lesson.js';
import type { LabState, StepView } from '../state/lab-state.js';
import type { Layout } from '../state/layout.js';
import { isLog, type View } from '../state/view.js';
import type { Actions } from './actions.js';

/** What decides which keys do something now. */
export interface KeyContext {
  view: View;
  lab: LabState;
  layout: Layout;
  lessons: readonly Lesson[];
  /** The lesson and step on the screen. */
  lesson: Lesson | undefined;
  step: Step | undefined;
  index: number;
  stepView: StepView | undefined;
  canCopy: boolean;
  capabilities: ProviderCapabilities;
  /** Is there lesson text below the fold? */
  more: boolean;
}

export type Group = 'Steps' | 'Reading' | 'Panes' | 'Log panes' | 'Wire' | 'Explore' | 'Lab' | 'General' | 'Dialog';

/** One row of the key table: from it come the footer, the help screen and the command palette. */
export interface Binding {
  id: string;
  /** As `keyNames` gives them. Empty: only in the palette. */
  keys: readonly string[];
  /** What footer and palette say; a function where it depends. */
  meaning: string | ((context: KeyContext) => string);
  group: Group;
  when(context: KeyContext): boolean;
  /** undefined: the list or pane that has the focus handles the key itself. */
  run?(actions: Actions, context: KeyContext, key: string): void;
  /** Place in the footer, lowest first; without it the key is only in help and palette. */
  hint?: number;
  /** Also while work runs. All other keys are ignored then. */
  busy?: boolean;
  /** Keys of help, where the list of keys is too long or too odd to show. */
  label?: string;
}

export function meaning(binding: Binding, context: KeyContext): string {
  return typeof binding.meaning === 'string' ? binding.meaning : binding.meaning(context);
}

export const inLesson = ({ view }: KeyContext) =>
  view.screen === 'lesson' && view.dialog === undefined && view.search === undefined;
export const noDialog = ({ view }: KeyContext) => view.dialog === undefined && view.search === undefined;
/** Screens with panes. */
export const withPanes = (context: KeyContext) =>
  noDialog(context) && (context.view.screen === 'lesson' || context.view.screen === 'explore');
export const onLog = (context: KeyContext) => withPanes(context) && isLog(context.view.pane);
export const onWire = (context: KeyContext) => withPanes(context) && context.view.pane === 'wire';
export const onSearchedLog = (context: KeyContext) =>
  onLog(context) && isLog(context.view.pane) && context.view.logs[context.view.pane].query !== undefined;
export const searching = ({ view }: KeyContext) => view.search !== undefined && view.dialog === undefined;
export const isDialog =
  (...kinds: string[]) =>
  ({ view }: KeyContext) =>
    view.dialog !== undefined && kinds.includes(view.dialog.kind);
