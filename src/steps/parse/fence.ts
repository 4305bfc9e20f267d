import { didYouMean, suggest } from '../../engine/did-you-mean.js';
import type { Action, Executor } from '../lesson.js';
import { ATTRIBUTES, EXECUTORS, readAttributes } from './attributes.js';
import { type InfoString, parseInfoString } from './info-string.js';
import type { Report, Source } from './source.js';

/** An action as read, with the places that rules report. Offsets count in the file's text. */
export interface ReadAction {
  /** `id` is '' when the fence has no name=. */
  action: Action;
  offset: number;
  /** Of each attribute's value. */
  offsets: Map<string, number>;
  /** Of the beginning of each line of the body. */
  lines: number[];
}

/** Languages that prose shows and that look like an executor mistyped. */
const LANGUAGES = [
  'bat',
  'ash',
  'dash',
  'sh',
  'zsh',
  'fish',
  'csh',
  'ksh',
  'lua',
  'tab',
  'abap',
  'basic',
  'batch',
  'hash',
];
const OPENING = /^( {0,3})(`{3,}|~{3,})([^\n]*)/;

/** Whether a fence with this info string runs; a mistyped one is reported and is prose. */
export function executorOf(info: InfoString, base: number, report: Report): Executor | undefined {
  const { language, words } = info;
  const executor = EXECUTORS.find((one) => one === language);
  // Plain ```bash or ```bats without attributes is how documents show code; a lab block has no other use.
  if (executor === 'lab' || (executor !== undefined && words.some(ours))) return executor;
  if (executor !== undefined && words.length > 0) {
    return words.some((word) => isPlace(word) || didYouMean(word.key, ATTRIBUTES) !== undefined) ? executor : undefined;
  }
  if (executor !== undefined || language === '') return undefined;
  const near = LANGUAGES.includes(language) ? undefined : didYouMean(language, EXECUTORS);
  const shell = words.some(({ key, value }) => key === 'on' && value !== undefined);
  if (!shell && !words.some((word) => ours(word) && word.key !== 'name') && near === undefined) return undefined;
  report(base, {
    rule: 'unknown-executor',
    message: `There is no executor "${brief(language)}"; this block would be shown, not run`,
    suggestion: near === undefined && shell ? 'write "bash on=…"' : suggest(language, EXECUTORS),
  });
  return undefined;
}

/** Reads a fenced block's raw text, from its opening fence on; undefined when it is prose. */
export function readFence(source: Source, raw: string, offset: number, report: Report): ReadAction | undefined {
  const [, indent = '', fence = '', info = ''] = OPENING.exec(raw) ?? [];
  const infoBase = offset + indent.length + fence.length;
  const parsed = parseInfoString(info);
  const languageOffset = infoBase + info.length - info.trimStart().length;
  const closed = checkFence(raw, fence, offset + indent.length, parsed, report);
  const executor = executorOf(parsed, languageOffset, report);
  if (executor === undefined) return undefined;
  const { attributes, offsets } = readAttributes(executor, parsed.words, infoBase, report);
  if (executor !== 'lab' && attributes.on === undefined && !parsed.words.some(({ key }) => key === 'on')) {
    report(languageOffset, {
      rule: 'missing-on',
      message: `This ${executor} block does not say where to run`,
      suggestion: `write "${executor} on=core-provisioner" (a machine's name), or on=host for this computer`,
    });
  }
  if (executor === 'bats' && !attributes.check) {
    report(
      languageOffset,
      { rule: 'bats-without-check', message: 'A bats block is a check', suggestion: 'add the word "check"' },
      'warning',
    );
  }
  const { name = '', ...rest } = attributes;
  const { body, lines } = readBody(raw, indent.length, closed, offset);
  return {
    action: { id: name, executor, source: body, ...rest, position: source.at(offset + indent.length) },
    offset: offset + indent.length,
    offsets,
    lines,
  };
}

/** The lines between the fences, without the indentation that the opening fence has, and where each begins in the file. */
function readBody(raw: string, indent: number, closed: boolean, offset: number): { body: string; lines: number[] } {
  const all = raw.trimEnd().split('\n');
  const body: string[] = [];
  const lines: number[] = [];
  let at = offset + (all[0] ?? '').length + 1;
  for (const line of all.slice(1, closed ? -1 : undefined)) {
    const removed = Math.min(indent, line.length - line.trimStart().length);
    body.push(line.slice(removed));
    lines.push(at + removed);
    at += line.length + 1;
  }
  return { body: body.join('\n'), lines };
}

/** Reports a fence without an end or with another one inside; true when it has an end. */
function checkFence(raw: string, fence: string, offset: number, info: InfoString, report: Report): boolean {
  const again = fence.length > 20 ? 'the same fence' : fence;
  const trimmed = raw.trimEnd();
  const last = trimmed.lastIndexOf('\n');
  const closing = last === -1 ? undefined : fenceLine(trimmed.slice(last + 1));
  const closed =
    closing !== undefined && closing.mark === fence[0] && closing.length >= fence.length && closing.rest === '';
  if (!closed) {
    report(offset, {
      rule: 'unclosed-fence',
      message: `This ${info.language === '' ? '' : `${brief(info.language)} `}block has no end and swallows the rest of the lesson`,
      suggestion: `write a line with ${again} after its last line`,
    });
  }
  for (let at = raw.indexOf('\n') + 1; at > 0; at = raw.indexOf('\n', at) + 1) {
    const end = raw.indexOf('\n', at);
    const inner = fenceLine(raw.slice(at, end === -1 ? raw.length : end));
    if (!inner || inner.mark !== fence[0] || inner.length < fence.length) continue;
    const executor = /^(?:lab|bash|bats)(?=\s|$)/.exec(inner.rest)?.[0];
    if (executor === undefined) continue;
    report(offset + at - raw.indexOf(fence) + inner.indent, {
      rule: 'fence-in-fence',
      message: `A ${executor} block begins inside another block, which is probably not closed`,
      suggestion: `close the block before it with ${again}; to show a fence, give the outer block a longer one`,
    });
    break;
  }
  return closed;
}

/** A line that opens or closes a fence. */
function fenceLine(line: string): { indent: number; mark: string; length: number; rest: string } | undefined {
  const indent = line.length - line.trimStart().length;
  const mark = line[indent];
  if (indent > 3 || (mark !== '`' && mark !== '~')) return undefined;
  let end = indent;
  while (line[end] === mark) end += 1;
  return { indent, mark, length: end - indent, rest: line.slice(end).trim() };
}

/** True for a word that only our fences have. */
function ours({ key, value }: { key: string; value?: string }): boolean {
  return ATTRIBUTES.includes(key) && (value !== undefined || ['check', 'background', 'hidden'].includes(key));
}

/** `bash host`, `bash core-01`: a place to run without its on=. Other tools' words have punctuation, such as {1,3}. */
function isPlace({ key, value }: { key: string; value?: string }): boolean {
  return value === undefined && /^[a-z0-9-]+$/.test(key);
}

function brief(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
