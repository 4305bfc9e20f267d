import { Text } from 'ink';
import { useSnapshot, useUi } from '../app/context.js';
import { keyContext } from '../app/parts.js';
import { fitHints, hints } from '../keys/table.js';
import { progressLines, waitLine } from '../lesson/wait-lines.js';
import { clip, plain } from '../theme/text.js';
import { spinner } from '../theme/theme.js';

/** The keys that do something now, from the key table; as many as fit. */
export function FooterLine({ width }: { width: number }) {
  const { parts, theme } = useUi();
  useSnapshot();
  const shown = fitHints(hints(keyContext(parts)), width);
  const text = shown.map(({ key, meaning }) => ` ${theme.paint('selected', key)} ${meaning}`).join('  ');
  return <Text wrap="truncate-end">{text || ' '}</Text>;
}

/** What just happened or is going on, in one line. */
export function MessageLine({ width }: { width: number }) {
  const { theme } = useUi();
  const { view, lab, now } = useSnapshot();
  const { busy, message } = view;
  if (busy !== undefined) {
    const wait = lab.waits.at(-1);
    const progress = lab.progress.at(-1);
    const detail =
      progress !== undefined
        ? ` ${progressLines(progress, { theme, width: 40, now }).join(' ').trim()}`
        : wait !== undefined
          ? ` ${waitLine(wait, { theme, now })[1]}`
          : '';
    const what = busy.cancelling ? `Cancelling… Press Ctrl+C again to quit.` : `${busy.label}…`;
    return (
      <Text wrap="truncate-end">{clip(` ${theme.paint('accent', spinner(now))} ${plain(what)}${detail}`, width)}</Text>
    );
  }
  const notice = lab.notices.at(-1);
  const shown =
    message ??
    (notice !== undefined && now - notice.time < 15_000
      ? { text: notice.text, tone: notice.level === 'error' ? 'bad' : notice.level === 'warning' ? 'warn' : 'plain' }
      : undefined);
  if (shown === undefined) return <Text> </Text>;
  const mark = { ok: '✓', bad: '✗', warn: '!', plain: ' ' }[shown.tone] ?? ' ';
  return (
    <Text wrap="truncate-end">
      {clip(` ${theme.paint(shown.tone as 'ok', `${mark} ${plain(shown.text)}`)}`, width)}
    </Text>
  );
}
