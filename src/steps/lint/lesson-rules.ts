import { suggest } from '../../engine/did-you-mean.js';
import type { LintFault } from '../lesson.js';
import type { ReadLesson } from '../parse/read-lesson.js';

/** `requires` names lessons that exist, and not the lesson itself. */
export function knownLessons({ lesson, frontMatter, source }: ReadLesson, ids: readonly string[]): LintFault[] {
  const faults: LintFault[] = [];
  for (const { id, offset } of frontMatter.requires) {
    const fault = { ...source.at(offset), severity: 'error' } as const;
    if (id === lesson.id) {
      const message = 'The lesson requires itself';
      faults.push({ ...fault, rule: 'unknown-lesson', message, suggestion: 'remove it from "requires"' });
    } else if (!ids.includes(id)) {
      const message = `There is no lesson "${id.slice(0, 40)}"`;
      const others = ids.filter((other) => other !== lesson.id);
      const suggestion = suggest(id, others, others.length === 0 ? 'write "requires: []"' : undefined);
      faults.push({ ...fault, rule: 'unknown-lesson', message, suggestion });
    }
  }
  return faults;
}

/** Faults between lessons: ids that are taken, and lessons that require each other in a circle. */
export function lessonSet(all: readonly ReadLesson[]): LintFault[] {
  const faults: LintFault[] = [];
  const byId = new Map<string, ReadLesson>();
  for (const read of all) {
    if (!read.identified) continue;
    const other = byId.get(read.lesson.id);
    if (other === undefined) byId.set(read.lesson.id, read);
    else {
      faults.push({
        ...read.source.at(read.frontMatter.idOffset),
        severity: 'error',
        rule: 'duplicate-lesson-id',
        message: `The lesson id "${read.lesson.id}" is taken by ${other.lesson.file}`,
        suggestion: 'write another id',
      });
    }
  }
  for (const read of byId.values()) {
    for (const { id, offset } of read.frontMatter.requires) {
      if (id === read.lesson.id || !reaches(byId, id, read.lesson.id)) continue;
      faults.push({
        ...read.source.at(offset),
        severity: 'error',
        rule: 'requires-circle',
        message: `"${read.lesson.id}" requires "${id}", which requires "${read.lesson.id}"`,
        suggestion: 'remove one of the two',
      });
    }
  }
  return faults;
}

function reaches(byId: Map<string, ReadLesson>, from: string, to: string): boolean {
  const seen = new Set<string>();
  const queue = [from];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (id === to) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    queue.push(...(byId.get(id)?.lesson.requires ?? []));
  }
  return false;
}
