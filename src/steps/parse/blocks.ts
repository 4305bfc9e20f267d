import { Lexer, type Token } from 'marked';
import type { Report, Source } from './source.js';

export interface MarkdownBlock {
  token: Token;
  raw: string;
  /** Where `raw` begins in the file. */
  offset: number;
}

/** More than this many nested quotes and lists are no lesson, and cost marked quadratic time. */
const TOO_DEEP = /^[ \t]*(?:>[ \t]*|(?:[-*+]|\d{1,9}[.)])[ \t]+){33}/m;

/** Nor are so many lines without an empty one, for which marked needs quadratic time in a list. */
const MAX_LINES = 2000;

/** The blocks of a lesson's body in order, as marked sees them. Never throws: what cannot be read is reported. */
export function lexBlocks(source: Source, start: number, report: Report): MarkdownBlock[] {
  const text = source.text.slice(start);
  const long = source.longBlock(MAX_LINES);
  if (long !== undefined) {
    report(long, {
      rule: 'block-too-long',
      message: `There are more than ${MAX_LINES} lines here without an empty one`,
      suggestion: 'put empty lines between paragraphs and parts of scripts, or copy a long script by "sync"',
    });
    return [];
  }
  const deep = TOO_DEEP.exec(text);
  if (deep) {
    tooDeep(start + deep.index, report);
    return [];
  }
  const tokens: Token[] = [];
  try {
    // Only blocks: what stands inside paragraphs is the renderer's business.
    new Lexer().blockTokens(text, tokens);
  } catch {
    tooDeep(start, report);
    return [];
  }
  const blocks: MarkdownBlock[] = [];
  let at = 0;
  for (const token of tokens) {
    // Tokens follow one another without a gap; searching only guards against a change of that.
    const found = text.startsWith(token.raw, at) ? at : text.indexOf(token.raw, at);
    if (found === -1) continue;
    blocks.push({ token, raw: token.raw, offset: start + found });
    at = found + token.raw.length;
  }
  return blocks;
}

function tooDeep(offset: number, report: Report): void {
  report(offset, {
    rule: 'nested-too-deep',
    message: 'Quotes or lists are nested too deeply to be read',
    suggestion: 'remove the nesting from here on',
  });
}

/** Fenced blocks inside lists and quotes, with their info strings. */
export function nestedFences(token: Token): string[] {
  const found: string[] = [];
  const queue: unknown[] = [token];
  while (queue.length > 0) {
    const next = queue.pop() as { type?: string; lang?: string; tokens?: Token[]; items?: Token[] };
    if (next.type === 'code' && typeof next.lang === 'string') found.push(next.lang);
    queue.push(...(next.items ?? []).toReversed(), ...(next.tokens ?? []).toReversed());
  }
  return found;
}
