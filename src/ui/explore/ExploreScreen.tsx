import { Text } from 'ink';
import { useSnapshot, useUi } from '../app/context.js';
import { PaneScreen } from '../screens/PaneScreen.js';
import { spread } from '../theme/text.js';
import { ExplorePane } from './ExplorePane.js';

/** Machines to play with: every pane of a lesson, and in the place of the lesson what can be done. */
export function ExploreScreen({ columns }: { columns: number }) {
  const { parts, theme } = useUi();
  const { view } = useSnapshot();
  const lesson = parts.options.workshop.lessons.find(({ id }) => id === view.lesson);
  const back = view.from === 'lesson' && lesson !== undefined ? `back: ${lesson.title} ` : '';
  const head = ` ${theme.paint('heading', 'coreos-lab')}   ${theme.paint('strong', 'Explore freely')}`;
  return (
    <PaneScreen
      columns={columns}
      header={<Text wrap="truncate-end">{spread(head, theme.paint('dim', back), columns)}</Text>}
      first="Explore"
      firstPane={(size) => <ExplorePane {...size} />}
    />
  );
}
