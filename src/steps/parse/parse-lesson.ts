import type { Lesson, LintFault } from '../lesson.js';
import { readLesson } from './read-lesson.js';

/**
 * Reads a lesson. Never throws. `lesson` is undefined only when the front matter gives it no id, which leaves nothing to
 * run it by; otherwise it is what could be read. `faults` are those of form; lintLesson finds the others too.
 */
export function parseLesson(text: string, file: string): { lesson: Lesson | undefined; faults: LintFault[] } {
  const { lesson, identified, faults } = readLesson(text, file);
  return { lesson: identified ? lesson : undefined, faults };
}
