import type { LintFault } from '../lesson.js';

/** `file:line:column severity message — suggestion`, on one line whatever is quoted of the lesson. */
export function formatFault({ file, line, column, severity, message, suggestion }: LintFault): string {
  return `${file}:${line}:${column} ${severity} ${message} — ${suggestion}`.replace(/[\r\n]+/g, ' ');
}

/** By file, then place; errors before warnings. */
export function compareFaults(a: LintFault, b: LintFault): number {
  return (
    (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
    a.line - b.line ||
    a.column - b.column ||
    (a.severity === b.severity ? 0 : a.severity === 'error' ? -1 : 1)
  );
}
