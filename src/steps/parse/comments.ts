import type { Report } from './source.js';

export interface Comments {
  /** The text without any HTML comment. */
  prose: string;
  notes: string[];
  hints: string[];
}

const KINDS: Record<string, 'notes' | 'hints' | undefined> = { notes: 'notes', hint: 'hints' };
const NEAR: Record<string, string> = { note: 'notes', hints: 'hint', tip: 'hint', tips: 'hint', speaker: 'notes' };

/**
 * Takes HTML comments out of markdown that is not a code block: notes and hints are kept apart, other comments are for
 * authors only. Comments in code spans stay. `base` is the offset of `markdown` in the file.
 */
export function takeComments(markdown: string, base: number, report: Report): Comments {
  const result: Comments = { prose: '', notes: [], hints: [] };
  let copied = 0;
  const marks = /`+|<!--/g;
  for (let mark = marks.exec(markdown); mark; mark = marks.exec(markdown)) {
    if (mark[0] !== '<!--') {
      const end = closingRun(markdown, marks.lastIndex, mark[0].length);
      if (end !== undefined) marks.lastIndex = end;
      continue;
    }
    const end = markdown.indexOf('-->', mark.index + 4);
    if (end === -1) {
      report(base + mark.index, {
        rule: 'comment-unclosed',
        message: 'This comment has no end, or there is text before it on its first line',
        suggestion: 'begin it on a line of its own and close it with -->',
      });
      break;
    }
    result.prose += markdown.slice(copied, mark.index);
    takeOne(markdown.slice(mark.index + 4, end), base + mark.index, result, report);
    copied = end + 3;
    marks.lastIndex = copied;
  }
  result.prose += markdown.slice(copied);
  if (result.prose.trim() === '') result.prose = '';
  return result;
}

function takeOne(body: string, offset: number, result: Comments, report: Report): void {
  const [, word = '', text = ''] = /^\s*([A-Za-z]+)\s*:([\s\S]*)$/.exec(body) ?? [];
  const kind = Object.hasOwn(KINDS, word) ? KINDS[word] : undefined;
  const lower = word.toLowerCase();
  const meant = Object.hasOwn(NEAR, lower) ? NEAR[lower] : Object.hasOwn(KINDS, lower) ? lower : undefined;
  if (kind === undefined) {
    if (meant === undefined) return;
    report(
      offset,
      {
        rule: 'unknown-comment',
        message: `A comment that begins with "${word}:" is shown nowhere`,
        suggestion: `write <!-- ${meant}: … -->`,
      },
      'warning',
    );
  } else if (text.trim() === '') {
    report(
      offset,
      {
        rule: 'empty-comment',
        message: `This ${word} comment is empty`,
        suggestion: 'write something in it or remove it',
      },
      'warning',
    );
  } else result[kind].push(text.trim());
}

/** Index after the run of exactly `length` backticks that closes a code span. */
function closingRun(text: string, from: number, length: number): number | undefined {
  const runs = /`+/g;
  runs.lastIndex = from;
  // A code span does not reach beyond its paragraph, and looking no further keeps this linear.
  const limit = from + 1000;
  for (let run = runs.exec(text); run && run.index < limit; run = runs.exec(text)) {
    if (run[0].length === length) return runs.lastIndex;
  }
  return undefined;
}
