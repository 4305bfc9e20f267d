import { type Binding, type KeyContext, meaning } from './binding.js';
import { dialogKeys } from './dialog-keys.js';
import { exploreKeys } from './explore-keys.js';
import { generalKeys, listKeys } from './general-keys.js';
import { lessonKeys } from './lesson-keys.js';
import { logKeys, searchKeys } from './log-keys.js';
import { keyLabel } from './names.js';
import { paneKeys } from './pane-keys.js';
import { wireKeys } from './wire-keys.js';

/** Keys that a focused pane keeps for itself, whatever they mean elsewhere. */
const ownKeys: readonly Binding[] = [...wireKeys, ...logKeys];

/** The one key table. */
export const bindings: readonly Binding[] = [
  ...lessonKeys,
  ...paneKeys,
  ...exploreKeys,
  ...ownKeys,
  ...searchKeys,
  ...generalKeys,
  ...listKeys,
  ...dialogKeys,
];

export interface ActiveBinding {
  binding: Binding;
  /** Those of its keys that are not another's here. */
  keys: readonly string[];
}

/**
 * What does something now. A focused pane keeps its own keys; while work runs only what cancels, scrolls, zooms or
 * changes panes is left.
 */
export function activeBindings(context: KeyContext): ActiveBinding[] {
  const own = new Set(ownKeys.filter(({ when }) => when(context)).flatMap(({ keys }) => keys));
  const isBusy = context.view.busy !== undefined;
  return bindings
    .filter((binding) => (!isBusy || binding.busy === true) && binding.when(context))
    .map((binding) => ({
      binding,
      keys: ownKeys.includes(binding) ? binding.keys : binding.keys.filter((key) => !own.has(key)),
    }))
    .filter(({ binding, keys }) => keys.length > 0 || binding.keys.length === 0);
}

export function bindingFor(context: KeyContext, key: string): Binding | undefined {
  return activeBindings(context).find(({ keys }) => keys.includes(key))?.binding;
}

export interface Hint {
  key: string;
  meaning: string;
}

const HINTS = 5;

/** Three to five hints for the footer; help and back are among them where they work. */
export function hints(context: KeyContext): Hint[] {
  const all = activeBindings(context).filter(({ binding }) => binding.hint !== undefined);
  const last = (id: string) => id === 'help' || id === 'back' || id === 'close' || id === 'confirm-no' || id === 'no';
  const order = (a: ActiveBinding, b: ActiveBinding) => (a.binding.hint as number) - (b.binding.hint as number);
  const main = all.filter(({ binding }) => !last(binding.id)).sort(order);
  const end = all.filter(({ binding }) => last(binding.id));
  const cancel =
    context.view.busy === undefined ? [] : activeBindings(context).filter(({ binding }) => binding.id === 'cancel');
  return [...cancel, ...prefer(context, main).slice(0, HINTS - end.length - cancel.length), ...end].map((one) => ({
    key: one.binding.label ?? keyLabel(one.keys[0] as string),
    meaning: meaning(one.binding, context),
  }));
}

/** As many of the hints as fit; the last two, help and back, stay. */
export function fitHints(all: readonly Hint[], width: number): Hint[] {
  const columns = (hint: Hint) => hint.key.length + hint.meaning.length + 4;
  let shown = [...all];
  while (shown.length > 2 && shown.reduce((sum, hint) => sum + columns(hint), 0) > width) {
    shown = shown.toSpliced(shown.length - 3, 1);
  }
  return shown;
}

/** After success the next step comes first; before it, running does. After a failure, running again is one hint, not two. */
function prefer(context: KeyContext, main: ActiveBinding[]): ActiveBinding[] {
  const status = context.stepView?.status;
  const passed = status === 'passed' || status === 'skipped' || (context.step?.actions.length ?? 0) === 0;
  const drop = status === undefined || status === 'skipped' ? 'rerun' : 'run';
  const rest = main.filter(({ binding }) => binding.id !== drop);
  const next = rest.filter(({ binding }) => binding.id === 'next');
  const others = rest.filter(({ binding }) => binding.id !== 'next');
  if (passed) return [...next, ...others];
  const [first, ...after] = others;
  return first === undefined ? next : [first, ...next, ...after];
}
