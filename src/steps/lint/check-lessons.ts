import type { Lesson, LintFault } from '../lesson.js';
import type { ReadLesson } from '../parse/read-lesson.js';
import { compareFaults } from './format-fault.js';
import { knownLessons, lessonSet } from './lesson-rules.js';
import { type LintOptions, lintRead } from './lint-lesson.js';

/** All faults of a set of lessons, and those lessons that can be named: with an id, the first of each. */
export function checkLessons(
  reads: readonly ReadLesson[],
  options: Pick<LintOptions, 'machines'>,
): { lessons: Lesson[]; faults: LintFault[] } {
  const byId = new Map<string, Lesson>();
  for (const { identified, lesson } of reads) if (identified && !byId.has(lesson.id)) byId.set(lesson.id, lesson);
  const ids = [...byId.keys()];
  const faults = [
    ...reads.flatMap((read) => [...lintRead(read, options), ...knownLessons(read, ids)]),
    ...lessonSet(reads),
  ];
  return { lessons: [...byId.values()], faults: faults.sort(compareFaults) };
}
