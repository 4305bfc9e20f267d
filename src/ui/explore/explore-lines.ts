import { type KeyContext, meaning } from '../keys/binding.js';
import { bindingKeys } from '../keys/help.js';
import { activeBindings } from '../keys/table.js';
import { machineLines, stateWord } from '../panes/machine-lines.js';
import { bytes } from '../theme/format.js';
import { hang, pad, plain, wrap } from '../theme/text.js';
import type { Theme } from '../theme/theme.js';
import { changes } from './explore-state.js';

const KEY = 10;

/** The text of the explore pane; what does not fit falls out from the least important end. */
export function exploreLines(
  context: KeyContext,
  { width, height }: { width: number; height: number },
  theme: Theme,
  now: number,
): string[] {
  const { view, lab } = context;
  const machine = lab.machines.find(({ name }) => name === view.machine);
  const heading =
    machine === undefined
      ? ''
      : `${theme.paint('heading', plain(machine.name))}  ${theme.paint('dim', stateWord[machine.state])}`;
  const sections = [
    // Where the machines have no place beside this pane, they are in it.
    context.layout.kind === 'tabs'
      ? machineLines(lab.machines, { theme, width, now, selected: view.machine })
      : [heading],
    failureLines(context, width, theme),
    keyLines(context, theme),
    savepointLines(context, theme),
    changeLines(context, width, theme),
  ].filter((lines) => lines.length > 0);
  return sections.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])).slice(0, height);
}

function failureLines({ view }: KeyContext, width: number, theme: Theme): string[] {
  const failure = view.explore?.failure;
  if (failure === undefined || view.busy !== undefined) return [];
  return [
    ...wrap(theme.paint('bad', theme.paint('strong', `✗ ${plain(failure.message)}`)), width),
    ...(failure.cause === undefined ? [] : wrap(plain(failure.cause), width)),
    ...(failure.evidence ?? []).slice(-4).map((line) => theme.paint('dim', `  ${plain(line)}`)),
    ...failure.remedy.flatMap((text) => hang('› ', plain(text), width)),
  ];
}

function keyLines(context: KeyContext, theme: Theme): string[] {
  if (context.view.busy !== undefined) return [theme.paint('dim', 'Ctrl+C cancels what is going on.')];
  return activeBindings({ ...context, view: { ...context.view, dialog: undefined, pane: 'lesson' } })
    .filter(({ binding }) => binding.group === 'Explore' && binding.id !== 'explore-leave')
    .map(({ binding }) => `${theme.paint('selected', pad(bindingKeys(binding), KEY))}${meaning(binding, context)}`);
}

function savepointLines({ view }: KeyContext, theme: Theme): string[] {
  if (view.savepoints === undefined || view.savepoints.length === 0) return [];
  return [
    theme.paint('strong', 'Savepoints'),
    ...view.savepoints.map(
      ({ name, machines, bytes: size }) =>
        `  ${plain(name)}  ${theme.paint('dim', `${machines.join(', ')}, ${bytes(size)}`)}`,
    ),
  ];
}

function changeLines({ view, lab }: KeyContext, width: number, theme: Theme): string[] {
  const lines = view.explore === undefined ? [] : changes(view.explore, lab.machines);
  if (lines.length === 0) return [];
  return [
    theme.paint('strong', 'Changed since you came here'),
    ...lines.slice(-6).flatMap((line) => hang('  ', plain(line), width)),
  ];
}
