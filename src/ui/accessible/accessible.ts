import type { StartUi, UiOptions, UiResult } from '../options.js';
import { createPlainReporter } from '../plain/plain-reporter.js';
import { initialLabState } from '../state/lab-state.js';
import { closeHistory, reduce } from '../state/reduce.js';
import { isUp } from '../state/reduce-machines.js';
import { localeIsUtf8, toAscii } from '../theme/ascii.js';
import { Desk } from './desk.js';
import { exploreMachines } from './explore.js';
import { homeLines, walkLesson } from './lessons.js';
import { LineReader } from './line-reader.js';

/**
 * The workshop as lines that are only ever appended, with questions answered by typing: for screen readers, very small
 * terminals, and input that is not a terminal. Resolves like the full screen.
 */
export const startAccessible: StartUi = async (options) => {
  const stdin = options.stdin ?? process.stdin;
  const stdout = options.stdout ?? process.stdout;
  const unicode = options.unicode ?? localeIsUtf8(process.env, process.platform);
  const write = (text: string) => void stdout.write(unicode ? text : toAscii(text));
  const reader = new LineReader(stdin, stdout);
  const { workshop } = options;
  const desk = new Desk(options, reader, write);
  const report = createPlainReporter(write, { color: options.color && stdout.isTTY === true, verbose: false });
  const unsubscribe = workshop.events.subscribe((event) => {
    desk.lab = reduce(desk.lab, event);
    if (desk.working) report(event);
  });
  try {
    const empty = initialLabState(workshop.lab.config.machines);
    desk.lab = closeHistory((await workshop.history()).reduce(reduce, empty));
    if (options.initial.screen === 'lesson') await walkLesson(desk, options.initial.lesson, options.initial.step);
    return await home(desk, options);
  } finally {
    unsubscribe();
    reader.close();
  }
};

async function home(desk: Desk, options: UiOptions): Promise<UiResult> {
  for (;;) {
    desk.say(...homeLines(desk, options));
    const answer = await desk.ask('Number of a lesson, e to explore, d for the doctor, q to quit');
    if (answer === undefined || answer === 'q') return quit(desk, answer === undefined);
    if (answer === 'e') await exploreMachines(desk);
    else if (answer === 'd') await doctor(desk);
    else {
      const lesson = options.workshop.lessons[Number(answer) - 1];
      if (lesson !== undefined) await walkLesson(desk, lesson.id, undefined);
      else if (answer !== '') desk.say(`There is no lesson ${answer}.`);
    }
  }
}

async function doctor(desk: Desk): Promise<void> {
  for (const { status, title, detail, remedy } of await desk.options.workshop.doctor()) {
    desk.say(`${status}: ${title}: ${detail}`, ...(status === 'ok' ? [] : remedy.map((text) => `  do: ${text}`)));
  }
}

async function quit(desk: Desk, ended: boolean): Promise<UiResult> {
  const rows = await desk.options.workshop.lab.status().catch(() => []);
  const up = rows.filter(({ state }) => isUp(state)).map(({ name }) => name);
  if (up.length === 0) return { machines: 'leave', exitCode: 0 };
  if (ended) {
    desk.say(`Still running: ${up.join(', ')}. Stop with: coreos-lab halt`);
    return { machines: 'leave', exitCode: 0 };
  }
  const answer = await desk.ask(`Still running: ${up.join(', ')}. Leave them (enter), halt or destroy`);
  const machines = answer === 'halt' || answer === 'destroy' ? answer : 'leave';
  return { machines, exitCode: 0 };
}
