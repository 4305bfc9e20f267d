import { describe, expect, test } from 'vitest';
import { type Layout, layout, visiblePanes } from './layout.js';
import { isOptional, PANES, type PaneId } from './panes.js';
import type { Zoom } from './view.js';

const base = {
  machineLines: 4,
  pane: 'lesson' as const,
  zoom: 'normal' as Zoom,
  lower: 'output' as const,
  footer: true,
};

describe('layout', () => {
  test('columns and rows always add up to the screen', () => {
    for (let columns = 80; columns <= 260; columns += 7)
      for (let rows = 24; rows <= 90; rows += 5)
        for (const zoom of ['normal', 'half', 'full'] as const)
          for (const pane of PANES)
            for (const machineLines of [1, 4, 40]) {
              // Looking at a pane makes it the one that is shown where not all fit.
              const lower = isOptional(pane) ? pane : 'output';
              const made: Layout = layout({ ...base, columns, rows, zoom, pane, machineLines, lower });
              if (made.kind === 'small') throw new Error('too small');
              if (made.kind === 'tabs') {
                expect(made.body).toEqual({ id: pane, width: columns, height: rows - 4 });
                continue;
              }
              for (const column of [made.left, made.right]) {
                if (column.length === 0) continue;
                expect(column.reduce((sum, { height }) => sum + height, 0)).toBe(rows - 3);
                expect(Math.min(...column.map(({ height }) => height))).toBeGreaterThanOrEqual(3);
              }
              const width = (made.left[0]?.width ?? 0) + (made.right[0]?.width ?? 0);
              expect(width).toBe(columns);
              expect(visiblePanes(made)).toContain(pane);
              expect(new Set(visiblePanes(made)).size).toBe(visiblePanes(made).length);
            }
  });

  test('as many panes as there is room for, by rank, and the one that was looked at last', () => {
    const panes = (rows: number, lower: PaneId) =>
      visiblePanes(layout({ ...base, columns: 120, rows, lower })).slice(2);
    expect(panes(24, 'output')).toEqual(['console', 'output']);
    expect(panes(24, 'wire')).toEqual(['console', 'wire']);
    expect(panes(36, 'output')).toEqual(['console', 'wire', 'output']);
    expect(panes(36, 'commands')).toEqual(['console', 'output', 'commands']);
    expect(panes(60, 'output')).toEqual(['console', 'wire', 'output', 'commands', 'cluster', 'updates']);
    expect(panes(36, 'cluster')).toEqual(['console', 'output', 'cluster']);
  });

  test('kinds by size', () => {
    expect(layout({ ...base, columns: 79, rows: 40 }).kind).toBe('small');
    expect(layout({ ...base, columns: 200, rows: 20 }).kind).toBe('small');
    expect(layout({ ...base, columns: 119, rows: 40 }).kind).toBe('tabs');
    expect(layout({ ...base, columns: 120, rows: 24 }).kind).toBe('split');
  });
});
