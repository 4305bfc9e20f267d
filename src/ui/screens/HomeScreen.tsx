import { Box, Text } from 'ink';
import type { Lesson } from '../../steps/lesson.js';
import { useSnapshot, useUi } from '../app/context.js';
import { List } from '../dialogs/List.js';
import { bar } from '../lesson/wait-lines.js';
import { isUp } from '../state/reduce-machines.js';
import type { Snapshot } from '../state/store.js';
import { clip, pad, plain, spread, wrap } from '../theme/text.js';
import { glyph, type Theme } from '../theme/theme.js';
import { lessonProgress, stepWord } from './progress.js';

const OTHERS = [
  { value: 'explore', name: 'Explore freely', text: 'shell, console, power, savepoints, commands' },
  { value: 'doctor', name: 'Doctor', text: 'is everything here that the lab needs?' },
  { value: 'cleanup', name: 'Clean up', text: 'machines, savepoints, progress' },
  { value: 'quit', name: 'Quit', text: '' },
] as const;

/** What this is, what there is to do, and what runs already. */
export function HomeScreen({ columns, rows }: { columns: number; rows: number }) {
  const { parts, actions, theme } = useUi();
  const snapshot = useSnapshot();
  const { lessons, lab } = parts.options.workshop;
  const width = Math.min(columns - 4, 100);
  const items = [
    ...lessons.map((lesson, index) => ({
      value: `lesson:${lesson.id}`,
      label: lessonLabel(index, snapshot, theme, width - 2, lessons),
    })),
    ...OTHERS.map(({ value, name, text }, index) => ({
      value,
      label: `${index === 0 ? '\n' : ''}${pad(name, 18)}${theme.paint('dim', text)}`,
    })),
  ];
  const choose = (value: string) => {
    if (value.startsWith('lesson:')) actions.openLesson(value.slice(7));
    else if (value === 'explore') actions.explore();
    else if (value === 'doctor') actions.doctor();
    else if (value === 'cleanup') actions.cleanUp();
    else actions.quit();
  };
  const chosen = lessons[snapshot.view.home];
  const summary = chosen === undefined ? [] : wrap(plain(chosen.summary), width - 4).slice(0, 2);
  const head = spread(
    `${theme.paint('heading', 'coreos-lab')} ${theme.paint('dim', parts.options.version)}`,
    theme.paint('dim', `lab ${lab.config.name}`),
    width,
  );
  const used = 2 + 2 + 2 + 5;
  return (
    <Box flexDirection="column" width={columns} height={rows} alignItems="center" overflow="hidden">
      <Box flexDirection="column" width={width} height={rows} overflow="hidden" paddingTop={rows > 30 ? 2 : 0}>
        <Text wrap="truncate-end">{head}</Text>
        <Text wrap="truncate-end">Provisioning CoreOS on bare metal, step by step, on real virtual machines.</Text>
        <Text> </Text>
        <List
          items={items}
          width={width}
          height={Math.max(5, rows - used + 1)}
          initial={snapshot.view.home}
          active={snapshot.view.dialog === undefined}
          onSelect={choose}
          onHighlight={(_value, index) => parts.store.update((view) => ({ ...view, home: index }))}
        />
        <Text> </Text>
        <Text wrap="truncate-end">{[0, 1].map((n) => theme.paint('em', summary[n] ?? '') || ' ').join('\n')}</Text>
        <Text> </Text>
        <Text wrap="truncate-end">{hostLines(snapshot, lab.config.image, theme, width).join('\n')}</Text>
      </Box>
    </Box>
  );
}

function lessonLabel(
  index: number,
  { lab, loaded }: Snapshot,
  theme: Theme,
  width: number,
  lessons: readonly Lesson[],
): string {
  const lesson = lessons[index] as Lesson;
  const { done, total, trouble, begun } = lessonProgress(lesson, lab);
  const state =
    trouble !== undefined
      ? theme.paint(
          trouble.status === 'failed' ? 'bad' : 'warn',
          `step ${trouble.index + 1} ${stepWord(trouble.status)}`,
        )
      : done === total && total > 0
        ? theme.paint('ok', `${glyph.ok} done`)
        : !loaded
          ? ''
          : begun
            ? bar(done / total, 8, theme)
            : theme.paint('dim', 'not begun');
  const right = `${pad(state, 18)}${theme.paint('dim', `${`${done}/${total}`.padStart(5)} steps  ${String(lesson.duration).padStart(3)} min`)}`;
  return spread(`${String(index + 1).padStart(2)}  ${plain(lesson.title)}`, right, width);
}

/** Machines, hypervisor and image in a word each. */
function hostLines(
  { lab, view, asked }: Snapshot,
  image: { name: string; version: string },
  theme: Theme,
  width: number,
): string[] {
  const up = lab.machines.filter(({ state }) => isUp(state));
  const crashed = lab.machines.filter(({ state }) => state === 'aborted');
  const label = (text: string) => theme.paint('dim', pad(text, 12));
  const looking = theme.paint('dim', 'looking…');
  const machines =
    up.length === 0
      ? asked
        ? 'none is running'
        : looking
      : `${theme.paint('ok', glyph.on)} ${up.map(({ name }) => name).join(', ')} running, ${up.length} of ${lab.machines.length}`;
  const { provider, why, accelerator, problem, image: state } = view.host;
  const hypervisor =
    problem !== undefined
      ? theme.paint('bad', `${glyph.bad} ${plain(problem)} Press d for the doctor.`)
      : provider === undefined
        ? looking
        : `${provider}${accelerator === undefined ? '' : `, ${speed(accelerator)}`}${why === undefined ? '' : theme.paint('dim', ` (${why})`)}`;
  const os =
    state === undefined
      ? ''
      : state.ready
        ? `  ${theme.paint('ok', glyph.ok)} ${plain(state.detail)}`
        : `  ${plain(state.detail)}`;
  return [
    label('machines') +
      machines +
      (crashed.length > 0 ? theme.paint('bad', `  ${crashed.map(({ name }) => name).join(', ')} crashed`) : ''),
    label('hypervisor') + hypervisor,
    `${label('image')}${image.name} ${image.version}${os}`,
  ].map((line) => clip(line, width));
}

function speed(accelerator: string): string {
  return accelerator === 'tcg'
    ? 'without hardware acceleration (tcg): boots take longer'
    : `hardware acceleration by ${accelerator}`;
}
