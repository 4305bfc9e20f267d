/** Every pane of a lesson and of free exploring. */
export type PaneId = 'lesson' | 'machines' | 'cluster' | 'updates' | 'console' | 'wire' | 'output' | 'commands';
/** Panes that show a log. */
export type LogId = 'console' | 'wire' | 'output' | 'commands';

export interface PaneSpec {
  id: PaneId;
  /** On its tab. */
  name: string;
  /**
   * Beside the lesson there is not always room for all of them: those with the lowest rank are shown, and the one that was looked at
   * last. Without a rank it is always there.
   */
  rank?: number;
  /** Its part of the height, compared with the others; 0: as high as its content. */
  weight: number;
  log: boolean;
}

/**
 * In the order of tabs, number keys and the right column. To add a pane: a row here, its id above, a `case` in `screens/PaneScreen.tsx`
 * that draws it, and, if it shows a log, its source in `app/parts.ts`.
 */
export const PANE_TABLE: readonly PaneSpec[] = [
  { id: 'lesson', name: 'Lesson', weight: 0, log: false },
  { id: 'machines', name: 'Machines', weight: 0, log: false },
  { id: 'console', name: 'Console', rank: 1, weight: 1.4, log: true },
  { id: 'wire', name: 'Wire', rank: 3, weight: 1, log: true },
  { id: 'output', name: 'Output', rank: 2, weight: 1, log: true },
  { id: 'commands', name: 'Commands', rank: 5, weight: 0.6, log: true },
  { id: 'cluster', name: 'Cluster', rank: 4, weight: 0.8, log: false },
  { id: 'updates', name: 'Updates', rank: 6, weight: 0.8, log: false },
];

export const PANES: readonly PaneId[] = PANE_TABLE.map(({ id }) => id);

export const isLog = (pane: PaneId): pane is LogId => PANE_TABLE.some(({ id, log }) => id === pane && log);

export function paneSpec(pane: PaneId): PaneSpec {
  return PANE_TABLE.find(({ id }) => id === pane) as PaneSpec;
}

/** Panes that give way to each other where there is no room for all. */
export const isOptional = (pane: PaneId): boolean => paneSpec(pane).rank !== undefined && pane !== 'console';
