import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Actions } from '../keys/actions.js';
import type { Snapshot } from '../state/store.js';
import type { Theme } from '../theme/theme.js';
import type { Parts } from './parts.js';

/** What components share; it never changes while the screen lives. */
export interface Ui {
  parts: Parts;
  actions: Actions;
  theme: Theme;
}

export const UiContext = createContext<Ui | undefined>(undefined);

export function useUi(): Ui {
  const ui = useContext(UiContext);
  if (ui === undefined) throw new Error('UiContext is missing');
  return ui;
}

/** The present state; the component renders again when it changes, at most ten times a second for events. */
export function useSnapshot(): Snapshot {
  const { store } = useUi().parts;
  return useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
}
