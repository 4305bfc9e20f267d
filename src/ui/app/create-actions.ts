import { exploreActions } from '../explore/explore-actions.js';
import type { Actions } from '../keys/actions.js';
import { wireActions } from '../wire/wire-actions.js';
import { dialogActions } from './dialog-actions.js';
import { logActions } from './log-actions.js';
import type { Parts } from './parts.js';
import { screenActions } from './screen-actions.js';
import { stepActions } from './step-actions.js';
import { viewActions } from './view-actions.js';
import type { Work } from './work.js';

/** Everything that keys, menus and the palette can do, over one workshop. */
export function createActions(parts: Parts, work: Work): Actions {
  const { trusted, ...steps } = stepActions(parts, work);
  const { prompted, restoreSavepoint, ...explore } = exploreActions(parts, work);
  const { typeSearch, ...logs } = logActions(parts, work);
  const actions: Actions = {
    ...steps,
    ...viewActions(parts, steps),
    ...logs,
    ...wireActions(parts, work),
    ...explore,
    ...screenActions(parts, work, explore.leaveExplore),
    ...dialogActions(parts, work, () => actions, { trusted, typeSearch, prompted, restoreSavepoint }),
  };
  return actions;
}
