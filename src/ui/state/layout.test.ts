import { describe, expect, test } from 'vitest';
import { type Layout, layout, visiblePanes } from './layout.js';
import { PANES, type Zoom } from './view.js';

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
              const made: Layout = layout({ ...base, columns, rows, zoom, pane, machineLines });
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
              expect(visiblePanes(made)).toContain(
                pane === 'commands' || pane === 'output'
                  ? visiblePanes(made).find((id) => id === 'output' || id === 'commands')
                  : pane,
              );
            }
  });

  test('kinds by size', () => {
    expect(layout({ ...base, columns: 79, rows: 40 }).kind).toBe('small');
    expect(layout({ ...base, columns: 200, rows: 20 }).kind).toBe('small');
    expect(layout({ ...base, columns: 119, rows: 40 }).kind).toBe('tabs');
    expect(layout({ ...base, columns: 120, rows: 24 }).kind).toBe('split');
  });
});
