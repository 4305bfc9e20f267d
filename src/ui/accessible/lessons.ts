import type { Lesson, Step } from '../../steps/lesson.js';
import type { UiOptions } from '../options.js';
import { lessonProgress, stepWord } from '../screens/progress.js';
import { stepKey } from '../state/lab-state.js';
import { plain, wrap } from '../theme/text.js';
import { createTheme } from '../theme/theme.js';
import type { Desk } from './desk.js';

const WIDTH = 78;

export function homeLines(desk: Desk, { workshop, version }: UiOptions): string[] {
  const lessons = workshop.lessons.map((lesson, index) => {
    const { done, total, trouble } = lessonProgress(lesson, desk.lab);
    const state = trouble === undefined ? '' : `, step ${trouble.index + 1} ${stepWord(trouble.status)}`;
    return `  ${index + 1}. ${plain(lesson.title)}, ${done} of ${total} steps done${state}, ${lesson.duration} minutes`;
  });
  return ['', `coreos-lab ${version}, lab ${workshop.lab.config.name}`, 'Lessons:', ...lessons];
}

/** Goes through a lesson, step by step, until the user leaves it. */
export async function walkLesson(desk: Desk, id: string, first: string | undefined): Promise<void> {
  const lesson = desk.options.workshop.lessons.find((one) => one.id === id);
  if (lesson === undefined) return;
  const status = (step: Step) => desk.lab.steps[stepKey(lesson.id, step.id)]?.status;
  const begin = lesson.steps.findIndex((step) =>
    first === undefined ? status(step) !== 'passed' && status(step) !== 'skipped' : step.id === first,
  );
  let index = Math.max(0, begin);
  let read: number | undefined;
  for (;;) {
    const step = lesson.steps[index];
    if (step === undefined) return;
    if (read !== index) await readStep(desk, lesson, step, index);
    read = index;
    const runs = step.actions.length > 0;
    const done = status(step);
    const question = `${runs ? `enter ${done === undefined ? 'runs the step' : 'runs it again'}, ` : ''}n next, p previous, a read again, S skip, h hint, s shell, q back`;
    const answer = await desk.ask(question);
    if (answer === undefined || answer === 'q') return;
    if (answer === 'n') index = Math.min(index + 1, lesson.steps.length - 1);
    else if (answer === 'p') index = Math.max(0, index - 1);
    else if (answer === 'a') read = undefined;
    else if (answer === 'S') await desk.work(() => desk.options.workshop.skipStep(lesson.id, step.id));
    else if (answer === 'h') desk.say(...(step.hints.length > 0 ? step.hints.map(plain) : ['This step has no hint.']));
    else if (answer === 's') await shell(desk, step);
    else if (answer === '' && runs) await runStep(desk, lesson, step);
    else
      desk.say(
        runs || answer !== '' ? `${answer || 'enter'} means nothing here.` : 'Nothing runs in this step: n goes on.',
      );
  }
}

async function readStep(desk: Desk, lesson: Lesson, step: Step, index: number): Promise<void> {
  const { createMarkdown } = await import('../lesson/markdown.js');
  const markdown = createMarkdown(createTheme(false));
  const prose = (text: string) => markdown(text, WIDTH).map(plain);
  desk.say('', `Step ${index + 1} of ${lesson.steps.length}: ${plain(step.title)}`, '');
  if (index === 0 && lesson.intro.trim() !== '') desk.say(...prose(lesson.intro), '');
  for (const block of step.blocks) {
    if (block.kind === 'prose') desk.say(...prose(block.markdown), '');
    else if (!block.action.hidden) {
      const { executor, on, source, check } = block.action;
      desk.say(`${check ? 'Checks' : 'Runs'} with ${executor}${on === undefined ? '' : ` on ${on}`}:`);
      desk.say(
        ...source
          .trimEnd()
          .split('\n')
          .map((line) => `    ${plain(line)}`),
        '',
      );
    }
  }
}

async function runStep(desk: Desk, lesson: Lesson, step: Step): Promise<void> {
  const { workshop } = desk.options;
  if (!lesson.trusted && step.actions.some(({ on }) => on === 'host')) {
    desk.say(
      ...wrap(
        `This lesson is not part of coreos-lab: ${plain(lesson.file)}. Its commands run on this computer.`,
        WIDTH,
      ),
    );
    if (!(await desk.agrees('Trust this file from now on?'))) return;
    await workshop.trust(lesson.id);
  }
  await desk.work(async (signal) => {
    const outcome = await workshop.runStep(lesson.id, step.id, { signal });
    desk.say(outcome === 'passed' ? 'Step done. n goes on.' : `Step ${outcome}. enter runs it again, h gives a hint.`);
  });
}

async function shell(desk: Desk, step: Step): Promise<void> {
  const { lab } = desk.options.workshop;
  const machine = step.actions.find(({ on }) => on !== undefined && on !== 'host')?.on ?? lab.config.machines[0]?.name;
  if (machine === undefined) return;
  await desk.work(async () => {
    const { program, args } = await lab.shell(machine);
    await desk.options.interactive(program, args);
  });
}
