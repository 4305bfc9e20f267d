import type { Place } from '../app/parts.js';
import type { Prose } from './lesson-lines.js';

/** Hints or speaker notes of the step; those of the lesson's introduction come with its first step. */
export function notesLines(
  kind: 'hint' | 'notes',
  { lesson, step, index }: Place,
  width: number,
  prose: Prose,
): string[] {
  const texts = kind === 'hint' ? step.hints : [...(index === 0 ? (lesson.notes ?? []) : []), ...step.notes];
  const blocks = texts.map((text) => prose(text, width));
  return blocks.flatMap((lines, at) => (at === 0 ? lines : ['', ...lines]));
}
