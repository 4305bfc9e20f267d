import { useUi } from '../app/context.js';
import { Lines } from '../panes/Lines.js';
import { inner, Pane } from '../panes/Pane.js';
import { plain, wrap } from '../theme/text.js';

/** Before anything of a foreign lesson runs on this computer: what it would run, and whose file it is. */
export function TrustDialog({ width, height, lesson: id }: { width: number; height: number; lesson: string }) {
  const { parts, theme } = useUi();
  const lesson = parts.options.workshop.lessons.find((one) => one.id === id);
  if (lesson === undefined) return null;
  const room = Math.max(20, width - 4);
  const blocks = lesson.steps.flatMap(({ title, actions }) =>
    actions.filter(({ on }) => on === 'host').map(({ source }) => ({ title, source })),
  );
  const lines = [
    ...wrap(`This lesson is not part of coreos-lab: ${plain(lesson.file)}`, room),
    ...wrap('It wants to run the following on this computer, as you:', room),
    '',
    ...blocks.flatMap(({ title, source }) => [
      theme.paint('dim', plain(title)),
      ...plain(source.trimEnd())
        .split('\n')
        .map((line) => theme.paint('code', `  ${line}`)),
    ]),
  ];
  const end = ['', `Trust it from now on? ${theme.paint('selected', 'y')} yes   ${theme.paint('selected', 'n')} no`];
  const size = { width, height: Math.min(height, lines.length + end.length + 2) };
  const space = inner(size);
  const shown =
    lines.length > space.height - end.length
      ? [...lines.slice(0, space.height - end.length - 1), theme.paint('dim', `… the rest is in the file`)]
      : lines;
  return (
    <Pane title="Trust this lesson?" {...size} focused theme={theme}>
      <Lines lines={[...shown, ...end]} {...space} />
    </Pane>
  );
}
