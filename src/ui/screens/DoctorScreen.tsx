import { Box, Text } from 'ink';
import type { DoctorItem } from '../../engine/lab.js';
import { useSnapshot, useUi } from '../app/context.js';
import { List } from '../dialogs/List.js';
import { Lines } from '../panes/Lines.js';
import { inner, Pane } from '../panes/Pane.js';
import { plural } from '../theme/format.js';
import { hang, pad, plain, wrap } from '../theme/text.js';
import { glyph, spinner, type Theme } from '../theme/theme.js';

/** What was looked at, what was found, what to do; enter repairs what can be repaired from here. */
export function DoctorScreen({ columns, rows }: { columns: number; rows: number }) {
  const { parts, actions, theme } = useUi();
  const { view, now } = useSnapshot();
  const { items, looking, selected } = view.doctor;
  const width = Math.min(columns, 120);
  const below = 9;
  const size = { width, height: rows - below };
  const room = inner(size);
  const title = Math.min(26, Math.max(0, ...(items ?? []).map((item) => item.title.length)));
  const list = (items ?? []).map((item) => ({
    value: item.id,
    label: `${mark(item, theme)} ${pad(plain(item.title), title)}  ${word(item, theme)}  ${plain(item.detail)}`,
  }));
  const item = items?.[selected];
  const note = looking ? `${spinner(now)} looking…` : items === undefined ? '' : summary(items);
  const detail = { width, height: below };
  return (
    <Box width={columns} height={rows} flexDirection="column" alignItems="center" overflow="hidden">
      <Pane title="Doctor" note={note} {...size} focused theme={theme}>
        {items === undefined ? (
          <Text>{looking ? 'Looking at programs, memory, disk, network and the lab…' : ' '}</Text>
        ) : (
          <List
            items={list}
            {...room}
            initial={selected}
            active={view.dialog === undefined && view.busy === undefined}
            onSelect={(_value, index) => actions.fix(index)}
            onHighlight={(_value, index) =>
              parts.store.update((old) => ({ ...old, doctor: { ...old.doctor, selected: index } }))
            }
          />
        )}
      </Pane>
      <Pane title={item === undefined ? 'What to do' : plain(item.title)} {...detail} theme={theme}>
        <Lines lines={item === undefined ? [] : remedyLines(item, inner(detail).width, theme)} {...inner(detail)} />
      </Pane>
    </Box>
  );
}

function remedyLines(item: DoctorItem, width: number, theme: Theme): string[] {
  const fix =
    item.fix === undefined || item.status === 'ok'
      ? []
      : ['', theme.paint('accent', 'Press enter: this can be repaired from here.')];
  const remedy =
    item.status === 'ok' && item.remedy.length === 0
      ? ['Nothing to do.']
      : item.remedy.flatMap((text) => hang('› ', plain(text), width));
  return [...wrap(plain(item.detail), width), '', ...remedy, ...fix];
}

function mark({ status }: DoctorItem, theme: Theme): string {
  if (status === 'ok') return theme.paint('ok', glyph.ok);
  return status === 'warning' ? theme.paint('warn', glyph.warn) : theme.paint('bad', glyph.bad);
}

function word({ status }: DoctorItem, theme: Theme): string {
  const tone = status === 'ok' ? 'dim' : status === 'warning' ? 'warn' : 'bad';
  return theme.paint(tone, pad(status, 7));
}

function summary(items: readonly DoctorItem[]): string {
  const failed = items.filter(({ status }) => status === 'failed').length;
  const warnings = items.filter(({ status }) => status === 'warning').length;
  if (failed + warnings === 0) return 'all is well';
  return [failed > 0 ? `${failed} failed` : '', warnings > 0 ? plural(warnings, 'warning') : '']
    .filter((text) => text !== '')
    .join(', ');
}
