import { useSnapshot, useUi } from '../app/context.js';
import { isUp } from '../state/reduce-machines.js';
import { plural } from '../theme/format.js';
import { Lines } from './Lines.js';
import { machineLines } from './machine-lines.js';
import { inner, Pane } from './Pane.js';

/** Every machine with its state, or the stages of its boot. The marked one's console is shown. */
export function MachinesPane({ width, height, focused }: { width: number; height: number; focused: boolean }) {
  const { theme } = useUi();
  const { lab, view, now } = useSnapshot();
  const size = { width, height };
  const room = inner(size);
  const selected = view.machine;
  const index = Math.max(
    0,
    lab.machines.findIndex(({ name }) => name === selected),
  );
  const from = Math.max(0, Math.min(index - Math.floor(room.height / 2), lab.machines.length - room.height));
  const lines = machineLines(lab.machines, { theme, width: room.width, now, selected });
  const up = lab.machines.filter(({ state }) => isUp(state)).length;
  return (
    <Pane
      title="Machines"
      note={`${up} of ${plural(lab.machines.length, 'machine')} up`}
      {...size}
      focused={focused}
      theme={theme}
    >
      <Lines lines={lines.slice(from, from + room.height)} {...room} />
    </Pane>
  );
}
