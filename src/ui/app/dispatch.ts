import type { Actions } from '../keys/actions.js';
import { typed } from '../keys/names.js';
import { bindingFor } from '../keys/table.js';
import { keyContext, type Parts } from './parts.js';

/** Acts on one key. The context is read anew for each key, so a burst never acts on a screen that is gone. */
export function dispatch(parts: Parts, actions: Actions, key: string): void {
  const { dialog } = parts.store.view;
  const context = keyContext(parts);
  const binding = bindingFor(context, key);
  if (binding !== undefined) {
    binding.run?.(actions, context, key);
    return;
  }
  const searches = parts.store.view.search !== undefined && dialog === undefined;
  const takesText =
    searches ||
    dialog?.kind === 'palette' ||
    dialog?.kind === 'prompt' ||
    (dialog?.kind === 'confirm' && dialog.word !== undefined);
  if (takesText && (key === 'backspace' || typed(key) !== undefined)) actions.type(key);
}

/** Pasted text is only for text fields; elsewhere it would press a key for each letter. */
export function paste(parts: Parts, actions: Actions, text: string): void {
  const { dialog } = parts.store.view;
  if (
    dialog?.kind === 'palette' ||
    dialog?.kind === 'prompt' ||
    dialog?.kind === 'confirm' ||
    parts.store.view.search !== undefined
  ) {
    for (const character of text.replace(/[\0-\x1F\x7F]/g, '').slice(0, 1000)) actions.type(character);
    return;
  }
  parts.store.update((view) => ({
    ...view,
    message: { text: 'Pasted text is ignored: keys have meanings here. Press s for a shell.', tone: 'warn' },
  }));
}
