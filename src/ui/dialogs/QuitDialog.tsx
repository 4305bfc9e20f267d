import { Text } from 'ink';
import { useSnapshot, useUi } from '../app/context.js';
import { inner, Pane } from '../panes/Pane.js';
import { isUp } from '../state/reduce-machines.js';
import { plural } from '../theme/format.js';
import { List } from './List.js';

/** What becomes of machines that run. Leaving them is first: enter takes nothing away. */
export function QuitDialog({ width, height }: { width: number; height: number }) {
  const { actions, theme } = useUi();
  const { lab } = useSnapshot();
  const up = lab.machines.filter(({ state }) => isUp(state));
  const size = { width: Math.min(width, 76), height: Math.min(height, 7) };
  const room = inner(size);
  const items = [
    { value: 'leave', label: 'Leave running     coreos-lab finds them again' },
    { value: 'halt', label: 'Power off         disks are kept' },
    { value: 'destroy', label: 'Destroy           machines and their disks are deleted' },
  ];
  return (
    <Pane title="Quit" {...size} focused theme={theme}>
      <Text wrap="truncate-end">
        {plural(up.length, 'machine runs', 'machines run')}: {up.map(({ name }) => name).join(', ')}
      </Text>
      <Text> </Text>
      <List
        items={items}
        width={room.width}
        height={3}
        onSelect={(value) => actions.exit(value as 'leave' | 'halt' | 'destroy')}
      />
    </Pane>
  );
}
