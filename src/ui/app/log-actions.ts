import type { Actions } from '../keys/actions.js';
import {
  following,
  type LogPage,
  type LogPosition,
  nextMatch,
  scrolled,
  searched,
  withoutSearch,
} from '../logs/log-position.js';
import type { LogSource } from '../logs/log-source.js';
import { saveLog } from '../logs/save-log.js';
import { isLog, type LogId } from '../state/view.js';
import { logSource, type Parts } from './parts.js';
import type { Work } from './work.js';

export type LogActions = Pick<
  Actions,
  | 'scrollLog'
  | 'followLog'
  | 'openSearch'
  | 'endSearch'
  | 'nextMatch'
  | 'clearSearch'
  | 'toggleWrap'
  | 'saveLog'
  | 'copyLog'
> & { typeSearch(query: string): void };

/** What is done with the log pane that has the focus. */
export function logActions(parts: Parts, work: Work): LogActions {
  const { store, viewport, options } = parts;

  const focused = (): LogId | undefined => (isLog(store.view.pane) ? store.view.pane : undefined);
  const move = (change: (position: LogPosition, page: LogPage, source: LogSource) => LogPosition) => {
    const id = focused();
    if (id === undefined) return;
    const source = logSource(parts, id);
    store.update((view) => ({
      ...view,
      logs: { ...view.logs, [id]: change(view.logs[id], viewport.logs[id], source) },
    }));
  };

  return {
    scrollLog: (by, unit) => move((position, page, source) => scrolled(position, page, source, by, unit)),
    followLog: () => move(following),
    openSearch: () => store.update((view) => ({ ...view, search: '' })),
    typeSearch(query) {
      store.update((view) => ({ ...view, search: query }));
      move((position, page, source) => searched(position, page, source, query));
    },
    endSearch(keep) {
      const empty = store.view.search === '';
      store.update((view) => ({ ...view, search: undefined }));
      if (!keep || empty) move(withoutSearch);
    },
    nextMatch: (by) => move((position, page, source) => nextMatch(position, page, source, by)),
    clearSearch: () => move(withoutSearch),
    toggleWrap: () => move((position) => ({ ...position, wrap: !position.wrap })),
    saveLog() {
      const id = focused();
      if (id === undefined) return;
      void work.quietly(async () => {
        const name = id === 'console' ? `console-${store.view.machine}` : id;
        const file = await saveLog(
          logSource(parts, id),
          options.workshop.lab.directory,
          name,
          new Date(parts.clock.now()),
        );
        return { text: `Saved: ${file}`, tone: 'ok' };
      });
    },
    copyLog() {
      const id = focused();
      if (id === undefined) return;
      const source = logSource(parts, id);
      const { top, size } = viewport.logs[id];
      const shown = Array.from({ length: Math.max(0, Math.min(size, source.end - top)) }, (_, index) =>
        source.text(top + index),
      );
      void work.quietly(async () => {
        const copied = await options.copy?.(shown.join('\n'));
        return copied === true
          ? { text: `Copied ${shown.length} lines.`, tone: 'ok' }
          : { text: 'The clipboard cannot be reached from here. Ctrl+S saves the log to a file.', tone: 'warn' };
      });
    },
  };
}
