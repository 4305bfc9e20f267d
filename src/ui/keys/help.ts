import { clip, width as columnsOf, pad } from '../theme/text.js';
import type { Theme } from '../theme/theme.js';
import { type Binding, type Group, type KeyContext, meaning } from './binding.js';
import { keyLabel } from './names.js';
import { activeBindings, bindings } from './table.js';

const GROUPS: readonly Group[] = ['Steps', 'Reading', 'Panes', 'Log panes', 'Wire', 'Explore', 'Lab', 'General'];
const TITLE: Partial<Record<Group, string>> = {
  Explore: 'Exploring (the machine that is chosen)',
  Wire: 'Wire (when the pane has the focus)',
  'Log panes': 'Console, wire, output, commands (when the pane has the focus)',
};

/** Keys of a binding as help shows them. */
export function bindingKeys(binding: Binding): string {
  return binding.label ?? binding.keys.map(keyLabel).join('  ');
}

/** The whole table, in one or two columns; what does nothing at this moment is dim. */
export function helpLines(context: KeyContext, width: number, theme: Theme): string[] {
  const under: KeyContext = { ...context, view: { ...context.view, dialog: undefined } };
  const active = new Set(activeBindings(under).map(({ binding }) => binding));
  const columns = width >= 96 ? 2 : 1;
  const column = Math.floor((width - (columns - 1) * 4) / columns);
  const keyWidth = 18;
  const sections = GROUPS.map((group) => {
    const rows = bindings.filter((binding) => binding.group === group && binding.keys.length > 0);
    return [
      theme.paint('heading', clip(TITLE[group] ?? group, column)),
      ...rows.map((binding) => {
        const key = pad(bindingKeys(binding), keyWidth);
        const text = clip(meaning(binding, under), column - keyWidth - 1);
        return active.has(binding) ? `${theme.paint('selected', key)} ${text}` : theme.paint('dim', `${key} ${text}`);
      }),
      '',
    ];
  });
  if (columns === 1) return sections.flat();
  return sideBySide(sections, column);
}

/** Fills the left column until half of the lines are used, then the right one. */
function sideBySide(sections: readonly string[][], column: number): string[] {
  const total = sections.reduce((sum, { length }) => sum + length, 0);
  let count = 0;
  const split = sections.findIndex(({ length }) => {
    count += length;
    return count >= total / 2;
  });
  const left = sections.slice(0, split + 1).flat();
  const right = sections.slice(split + 1).flat();
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
    const first = left[index] ?? '';
    return right[index] === undefined
      ? first
      : `${first + ' '.repeat(Math.max(0, column - columnsOf(first)))}    ${right[index]}`;
  });
}
