import type { Action } from '../lesson.js';

const GROUPS = [
  ['virtualbox', 'qemu'],
  ['flatcar', 'labos'],
] as const;

/** Whether `only=` lets an action run: of providers and of images, those that it names have to fit. */
export function applies(action: Action, provider: string, image: string): boolean {
  return GROUPS.every((group) => {
    const named = action.only.filter((name) => (group as readonly string[]).includes(name));
    return named.length === 0 || named.some((name) => name === provider || name === image);
  });
}
