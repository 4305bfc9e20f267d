import type { Actions } from './actions.js';
import { type KeyContext, meaning } from './binding.js';
import { keyLabel } from './names.js';
import { activeBindings } from './table.js';

export interface PaletteEntry {
  text: string;
  /** The key that does the same, '' when there is none. */
  key: string;
  run(): void;
}

/** Bindings that make no sense without their key. */
const KEY_ONLY = new Set(['scroll', 'page-next', 'page-previous', 'machine-choose', 'pane-number', 'palette']);

/** All that can be done from where the palette was opened, best match first. */
export function paletteEntries(context: KeyContext, actions: Actions, query: string): PaletteEntry[] {
  const under: KeyContext = { ...context, view: { ...context.view, dialog: undefined } };
  const bound = activeBindings(under)
    .filter(({ binding }) => binding.run !== undefined && !KEY_ONLY.has(binding.id))
    .map(({ binding, keys }) => ({
      text: meaning(binding, under),
      key: keyLabel(keys[0] ?? ''),
      run: () => binding.run?.(actions, under, keys[0] ?? ''),
    }));
  return filterEntries([...bound, ...places(under, actions)], query);
}

function places({ lesson, lessons, view, lab }: KeyContext, actions: Actions): PaletteEntry[] {
  const entry = (text: string, run: () => void): PaletteEntry => ({ text, key: '', run });
  return [
    ...(view.screen === 'lesson' ? (lesson?.steps ?? []) : []).map(({ title }, index) =>
      entry(`go to step ${index + 1}: ${title}`, () => actions.goToStep(index)),
    ),
    ...lessons.map(({ id, title }) => entry(`open lesson: ${title}`, () => actions.openLesson(id))),
    ...lab.machines
      .filter(({ state }) => state === 'running')
      .map(({ name }) => entry(`shell on ${name}`, () => actions.shell(name))),
    ...(view.screen === 'home' ? [] : [entry('all lessons', () => actions.home())]),
    entry('clean up', () => actions.cleanUp()),
  ].filter(({ text }, index, all) => all.findIndex((other) => other.text === text) === index);
}

/** Entries that contain the query's letters in order; those that contain it as it is come first. */
export function filterEntries(entries: readonly PaletteEntry[], query: string): PaletteEntry[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === '') return [...entries];
  return entries
    .map((entry, index) => ({ entry, index, score: score(entry.text.toLowerCase(), wanted) }))
    .filter(({ score }) => score !== undefined)
    .sort((a, b) => (a.score as number) - (b.score as number) || a.index - b.index)
    .map(({ entry }) => entry);
}

/** Lower is better; undefined = no match. */
export function score(text: string, query: string): number | undefined {
  const at = text.indexOf(query);
  if (at === 0) return 0;
  if (at > 0) return text[at - 1] === ' ' ? 1 : 2;
  let position = -1;
  let gaps = 0;
  for (const letter of query.replaceAll(' ', '')) {
    const next = text.indexOf(letter, position + 1);
    if (next === -1) return undefined;
    if (position !== -1) gaps += next - position - 1;
    position = next;
  }
  return 3 + gaps;
}
