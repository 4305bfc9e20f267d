import { addedMachines } from '../lab-verbs.js';
import type { LintFault } from '../lesson.js';
import { type ReadLesson, readLesson } from '../parse/read-lesson.js';
import type { Report } from '../parse/source.js';
import { compareFaults } from './format-fault.js';
import { knownLessons } from './lesson-rules.js';
import { knownMachines, labVerbs, notEmpty, uniqueIds, uniqueTests, usefulOnly } from './rules.js';

export interface LintOptions {
  /** Names of the lab's machines; undefined = machine names are not checked. */
  machines?: readonly string[];
  /** Ids of all lessons there are; undefined = `requires` is not checked. */
  lessons?: readonly string[];
}

/** Faults after which nothing of the file was read. */
const UNREAD = ['too-long', 'block-too-long', 'nested-too-deep'];
const RULES = [uniqueIds, notEmpty, knownMachines, labVerbs, uniqueTests, usefulOnly];

/** Every fault of one lesson, in the order of the file. Never throws. */
export function lintLesson(text: string, file: string, options: LintOptions = {}): LintFault[] {
  const read = readLesson(text, file);
  return [
    ...lintRead(read, options),
    ...(options.lessons === undefined ? [] : knownLessons(read, options.lessons)),
  ].sort(compareFaults);
}

/** Faults of a lesson that was read, without those that concern other lessons. */
export function lintRead(read: ReadLesson, options: Pick<LintOptions, 'machines'>): LintFault[] {
  const faults = [...read.faults];
  // A file that could not be read at all has said so.
  if (faults.some(({ rule }) => UNREAD.includes(rule))) return faults;
  const report: Report = (offset, fault, severity) => {
    faults.push({ ...read.source.at(offset), severity: severity ?? 'error', ...fault });
  };
  // What the lesson itself adds to the lab is a machine like any other, also before that line: steps may be run again.
  const added = read.lesson.steps.flatMap(({ actions }) =>
    actions.flatMap(({ executor, source }) => (executor === 'lab' ? addedMachines(source) : [])),
  );
  const machines = options.machines === undefined ? undefined : [...new Set([...options.machines, ...added])];
  for (const rule of RULES) rule({ read, report, machines });
  return faults;
}
