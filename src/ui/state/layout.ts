import { isOptional, PANE_TABLE, PANES, type PaneId, paneSpec } from './panes.js';
import type { Zoom } from './view.js';

export const MINIMUM = { columns: 80, rows: 24 } as const;
/** From here on lesson and panes stand side by side. */
export const WIDE = 120;
/** Rows that a pane of the right column should have; where there are fewer, some panes give way. */
const ROWS = 7;

export interface Area {
  id: PaneId;
  width: number;
  height: number;
}

export type Layout =
  | { kind: 'small'; columns: number; rows: number }
  /** One pane at a time under a bar of tabs. */
  | { kind: 'tabs'; body: Area; tabs: readonly PaneId[]; columns: number; rows: number }
  /** The lesson beside the other panes; `left` or `right` may be empty when zoomed. */
  | { kind: 'split'; left: readonly Area[]; right: readonly Area[]; columns: number; rows: number };

export interface LayoutInput {
  columns: number;
  rows: number;
  /** Height of the machines pane's content. */
  machineLines: number;
  pane: PaneId;
  zoom: Zoom;
  /** Of the panes for which there is no room, the one to show nevertheless. */
  lower: PaneId;
  footer: boolean;
}

/** Rows that are not body: header, message line, and the footer unless hidden. */
const chrome = (footer: boolean) => (footer ? 3 : 2);

/** Where every pane of the lesson screen goes. Heights of a column always add up to the body. */
export function layout(input: LayoutInput): Layout {
  const { columns, rows, pane, zoom, lower } = input;
  // Inline mode leaves one row to the shell.
  if (columns < MINIMUM.columns || rows < MINIMUM.rows - 1) return { kind: 'small', columns, rows };
  const body = rows - chrome(input.footer);
  if (columns < WIDE) {
    return { kind: 'tabs', body: { id: pane, width: columns, height: body - 1 }, tabs: PANES, columns, rows };
  }
  if (zoom === 'full')
    return { kind: 'split', left: [{ id: pane, width: columns, height: body }], right: [], columns, rows };
  const onLeft = pane === 'lesson';
  const share = zoom === 'half' ? (onLeft ? 0.65 : 0.35) : 0.48;
  const left = Math.round(columns * share);
  const machines =
    zoom === 'half' && pane === 'machines'
      ? Math.floor(body / 2)
      : Math.min(input.machineLines + 2, Math.floor(body / 2));
  const shown =
    zoom === 'half' && pane !== 'lesson' && pane !== 'machines' ? [pane] : rightPanes(body - machines, lower);
  const right = heights(shown, body, machines).map(({ id, height }) => ({
    id,
    height,
    width: columns - left,
  }));
  return { kind: 'split', left: [{ id: 'lesson', width: left, height: body }], right, columns, rows };
}

/** The panes below the machines: as many as fit, at least two, by rank; the one that was looked at last is among them. */
function rightPanes(rows: number, lower: PaneId): PaneId[] {
  const ranked = PANE_TABLE.filter(({ rank }) => rank !== undefined).toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
  const shown = ranked.slice(0, Math.max(2, Math.floor(rows / ROWS))).map(({ id }) => id);
  if (!shown.includes(lower) && isOptional(lower)) shown[shown.length - 1] = lower;
  return PANES.filter((id) => shown.includes(id));
}

/** The machines have a fixed height; the others share what is left by their weights. */
function heights(ids: readonly PaneId[], body: number, machines: number): { id: PaneId; height: number }[] {
  let left = body - machines;
  let weights = ids.reduce((sum, id) => sum + paneSpec(id).weight, 0);
  const below = ids.map((id) => {
    const { weight } = paneSpec(id);
    const height = Math.round((left * weight) / weights);
    left -= height;
    weights -= weight;
    return { id, height };
  });
  return [{ id: 'machines', height: machines }, ...below];
}

/** Panes that are on the screen, in the order of tab. */
export function visiblePanes(layout: Layout): readonly PaneId[] {
  if (layout.kind === 'small') return [];
  if (layout.kind === 'tabs') return layout.tabs;
  return [...layout.left, ...layout.right].map(({ id }) => id);
}
