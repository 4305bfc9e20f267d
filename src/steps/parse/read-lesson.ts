import { basename } from 'node:path';
import type { Tokens } from 'marked';
import type { Action, Lesson, LintFault, Step } from '../lesson.js';
import { lexBlocks, type MarkdownBlock, nestedFences } from './blocks.js';
import { takeComments } from './comments.js';
import { executorOf, type ReadAction, readFence } from './fence.js';
import { type FrontMatter, readFrontMatter } from './front-matter.js';
import { readHeading } from './heading.js';
import { parseInfoString } from './info-string.js';
import { slug } from './names.js';
import { checkText, MAX_LENGTH, type Report, Source } from './source.js';

/** A lesson as read, with what rules need beside it. */
export interface ReadLesson {
  /** Always there; made up from the file's name where the front matter says nothing. */
  lesson: Lesson;
  /** The front matter has a usable id: without one a lesson cannot be run. */
  identified: boolean;
  frontMatter: FrontMatter;
  actions: Map<Action, ReadAction>;
  /** Where the id of each step stands. */
  stepOffsets: Map<Step, number>;
  source: Source;
  faults: LintFault[];
}

/** Reads a lesson from its text. Never throws: whatever is wrong becomes a fault. */
export function readLesson(text: string, file: string): ReadLesson {
  const faults: LintFault[] = [];
  const tooLong = text.length > MAX_LENGTH;
  const source = new Source(tooLong ? '' : text, file);
  const report: Report = (offset, fault, severity) => {
    faults.push({ ...source.at(offset), severity: severity ?? 'error', ...fault });
  };
  const result: ReadLesson = {
    lesson: {
      id: slug(basename(file).replace(/\.[^.]*$/, ''), 'lesson'),
      title: basename(file),
      summary: '',
      duration: 0,
      requires: [],
      intro: '',
      steps: [],
      file,
      trusted: false,
    },
    identified: false,
    frontMatter: { requires: [], idOffset: 0, end: 0 },
    actions: new Map(),
    stepOffsets: new Map(),
    source,
    faults,
  };
  if (tooLong) {
    const message = `The file is too long for a lesson (${text.length} characters)`;
    report(0, { rule: 'too-long', message, suggestion: `split it; ${MAX_LENGTH} characters are read at most` });
    return result;
  }
  checkText(source, report);
  const front = readFrontMatter(source, report);
  const { lesson } = result;
  result.frontMatter = front;
  result.identified = front.id !== undefined;
  lesson.id = front.id ?? lesson.id;
  lesson.title = front.title ?? lesson.id;
  lesson.summary = front.summary ?? '';
  lesson.duration = front.duration ?? 0;
  lesson.requires = front.requires.map(({ id }) => id);
  new BodyReader(result, report).read(lexBlocks(source, front.end, report));
  return result;
}

/** Sorts blocks into introduction and steps, prose and actions. */
class BodyReader {
  #prose: string[] = [];
  #step: Step | undefined;

  constructor(
    private readonly result: ReadLesson,
    private readonly report: Report,
  ) {}

  read(blocks: MarkdownBlock[]): void {
    for (const block of blocks) {
      const { token } = block;
      if (token.type === 'heading' && (token as Tokens.Heading).depth === 2) this.#heading(block);
      else if (token.type === 'code') this.#code(block, token as Tokens.Code);
      else this.#text(block);
    }
    this.#endProse();
  }

  #heading({ token, raw, offset }: MarkdownBlock): void {
    this.#endProse();
    const heading = readHeading(this.result.source, raw, (token as Tokens.Heading).text, offset, this.report);
    const { id, title, position } = heading;
    this.#step = { id, title, blocks: [], actions: [], notes: [], hints: [], position };
    this.result.lesson.steps.push(this.#step);
    this.result.stepOffsets.set(this.#step, heading.idOffset);
  }

  #code({ raw, offset }: MarkdownBlock, token: Tokens.Code): void {
    if (token.codeBlockStyle === 'indented') {
      this.#indented(raw, offset);
      this.#prose.push(raw);
      return;
    }
    const read = readFence(this.result.source, raw, offset, this.report);
    if (read === undefined) {
      this.#prose.push(raw);
      return;
    }
    if (this.#step === undefined) {
      this.report(read.offset, {
        rule: 'action-outside-step',
        message: 'This block stands before the first step, where nothing runs',
        suggestion: 'put a heading such as "## What happens {#id}" above it',
      });
      this.#prose.push(raw);
      return;
    }
    this.#endProse();
    const { actions, blocks } = this.#step;
    const { action } = read;
    const number = actions.filter(({ executor }) => executor === action.executor).length + 1;
    if (action.id === '') action.id = `${action.executor}-${number}`;
    actions.push(action);
    blocks.push({ kind: 'action', action });
    this.result.actions.set(action, read);
  }

  #indented(raw: string, offset: number): void {
    const found = /^[ \t]*(?:`{3,}|~{3,})[ \t]*(?:lab[ \t]*$|(?:bash|bats)[ \t]+on=)/m.exec(raw);
    if (!found) return;
    this.report(
      offset + found.index,
      {
        rule: 'indented-fence',
        message: 'This fence is indented by four spaces or a tab, so it is shown and does not run',
        suggestion: 'move it to the left margin; to show a fence, put it in a block with four backticks',
      },
      'warning',
    );
  }

  #text(block: MarkdownBlock): void {
    const { token, raw, offset } = block;
    if (token.type === 'paragraph') this.#brokenFence(raw, offset);
    else if (token.type === 'list' || token.type === 'blockquote') this.#nested(block);
    const { prose, notes, hints } = takeComments(raw, offset, this.report);
    if (prose !== '') this.#prose.push(prose);
    else if (raw !== '') this.#prose.push('\n\n');
    if (this.#step) {
      this.#step.notes.push(...notes);
      this.#step.hints.push(...hints);
    } else if (notes.length > 0) {
      const { lesson } = this.result;
      lesson.notes = [...(lesson.notes ?? []), ...notes];
    }
  }

  #brokenFence(raw: string, offset: number): void {
    const found = /^ {0,3}((['`´~])\2*)[ \t]*(lab[ \t]*|(?:bash|bats)[ \t]+\S+=.*)$/m.exec(raw);
    // `bash on=host` in the midst of a sentence is a code span.
    if (!found || ((found[1] ?? '').length < 3 && found[3]?.includes('`'))) return;
    this.report(offset + found.index, {
      rule: 'broken-fence',
      message: 'This line looks like the beginning of a block, but it is none',
      suggestion: `write three backticks, and none in the rest of the line: "\`\`\`${(found[3] ?? '').replaceAll('`', '').slice(0, 60)}"`,
    });
  }

  #nested({ token, raw, offset }: MarkdownBlock): void {
    let from = 0;
    for (const lang of nestedFences(token)) {
      const at = Math.max(0, lang === '' ? -1 : raw.indexOf(lang, from));
      from = at;
      if (executorOf(parseInfoString(lang), offset + at, this.report) === undefined) continue;
      this.report(offset + at, {
        rule: 'nested-action',
        message: 'A block in a list or a quote does not run',
        suggestion: 'end the list before it and put the block at the left margin',
      });
    }
  }

  #endProse(): void {
    const markdown = this.#prose
      .join('')
      .replace(/^(?:[ \t]*\n)+/, '')
      .trimEnd();
    this.#prose = [];
    if (this.#step === undefined) this.result.lesson.intro = markdown;
    else if (markdown !== '') this.#step.blocks.push({ kind: 'prose', markdown });
  }
}
