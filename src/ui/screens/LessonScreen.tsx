import { Text } from 'ink';
import { useSnapshot, useUi } from '../app/context.js';
import { place } from '../app/parts.js';
import { LessonColumn } from '../panes/LessonColumn.js';
import { Header } from './Header.js';
import { PaneScreen } from './PaneScreen.js';

/** The lesson with the live panes. */
export function LessonScreen({ columns }: { columns: number }) {
  const { parts } = useUi();
  useSnapshot();
  const at = place(parts);
  if (at === undefined) return <Text>This lesson has no steps.</Text>;
  const number = parts.options.workshop.lessons.indexOf(at.lesson) + 1;
  return (
    <PaneScreen
      columns={columns}
      header={<Header width={columns} at={at} number={number} />}
      first="Lesson"
      firstPane={(size) => <LessonColumn {...size} />}
    />
  );
}
