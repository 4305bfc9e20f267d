import type { PaneId, Zoom } from './view.js';

export const MINIMUM = { columns: 80, rows: 24 } as const;
/** From here on lesson and panes stand side by side. */
export const WIDE = 120;
/** From here on output and command log each have a pane. */
const TALL = 48;

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
  lower: 'output' | 'commands';
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
    const tabs: PaneId[] = ['lesson', 'machines', 'console', 'output', 'commands'];
    return { kind: 'tabs', body: { id: pane, width: columns, height: body - 1 }, tabs, columns, rows };
  }
  if (zoom === 'full')
    return { kind: 'split', left: [{ id: pane, width: columns, height: body }], right: [], columns, rows };
  const onLeft = pane === 'lesson';
  const share = zoom === 'half' ? (onLeft ? 0.65 : 0.35) : 0.48;
  const left = Math.round(columns * share);
  const shown = rightPanes(rows, lower, pane, zoom);
  const right = heights(shown, body, input.machineLines + 2, pane, zoom).map(({ id, height }) => ({
    id,
    height,
    width: columns - left,
  }));
  return { kind: 'split', left: [{ id: 'lesson', width: left, height: body }], right, columns, rows };
}

function rightPanes(rows: number, lower: 'output' | 'commands', pane: PaneId, zoom: Zoom): PaneId[] {
  if (zoom === 'half' && pane !== 'lesson' && pane !== 'machines') return ['machines', pane];
  if (rows >= TALL) return ['machines', 'console', 'output', 'commands'];
  return ['machines', 'console', lower];
}

/** The machines pane has a fixed height; the others share what is left, the command log less than the rest. */
function heights(ids: readonly PaneId[], body: number, machines: number, pane: PaneId, zoom: Zoom) {
  const top = zoom === 'half' && pane === 'machines' ? Math.floor(body / 2) : Math.min(machines, Math.floor(body / 2));
  const rest = ids.filter((id) => id !== 'machines');
  const weight = (id: PaneId) => (id === 'commands' && rest.length > 2 ? 0.6 : 1);
  const total = rest.reduce((sum, id) => sum + weight(id), 0);
  let left = body - top;
  return [
    { id: 'machines' as const, height: top },
    ...rest.map((id, index) => {
      const height = index === rest.length - 1 ? left : Math.floor(((body - top) * weight(id)) / total);
      left -= height;
      return { id, height };
    }),
  ];
}

/** Panes that are on the screen, in the order of tab. */
export function visiblePanes(layout: Layout): readonly PaneId[] {
  if (layout.kind === 'small') return [];
  if (layout.kind === 'tabs') return layout.tabs;
  return [...layout.left, ...layout.right].map(({ id }) => id);
}
