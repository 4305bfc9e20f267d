import { Marked, type Token, type Tokens } from 'marked';
import { markedTerminal } from 'marked-terminal';
import { clip, hang, plain, wrap } from '../theme/text.js';
import { glyph, type Theme } from '../theme/theme.js';
import { tableLines } from './markdown-table.js';

/** Renders markdown into lines of at most `width` columns. Heavy to load: import it only when prose is shown. */
export type Markdown = (text: string, width: number) => string[];

/** marked-terminal hides colons in code from its emoji pass; nothing here has such a pass. */
const HIDDEN_COLON = '*#COLON|*';

/** Inline text by marked-terminal; blocks are laid out here, since they must wrap to a pane and keep their indents. */
export function createMarkdown(theme: Theme): Markdown {
  const { paint } = theme;
  const marked = new Marked();
  const tone = (name: Parameters<typeof paint>[0]) => (text: string) => paint(name, text);
  // The published types are of an older marked; at run time the renderers are plain functions.
  const extension = markedTerminal({
    reflowText: true,
    emoji: false,
    showSectionPrefix: false,
    strong: tone('strong'),
    em: tone('em'),
    codespan: tone('code'),
    del: tone('dim'),
    link: tone('accent'),
    href: tone('accent'),
    html: () => '',
  }) as Parameters<Marked['use']>[0];
  marked.use(extension, {
    renderer: {
      link({ tokens, href }) {
        const text = this.parser.parseInline(tokens);
        const address = plain(href);
        return text === address ? paint('accent', text) : `${text} (${paint('accent', address)})`;
      },
    },
  });
  const inline = (tokens: Token[] | undefined): string =>
    marked.Parser.parseInline(tokens ?? [], marked.defaults)
      .replaceAll(HIDDEN_COLON, ':')
      .replace(/\n/g, ' ')
      .replace(/\r/g, '\n')
      .replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => ENTITIES[name] as string);
  return (text, width) => blocks(marked.lexer(plain(text)), Math.max(10, width), theme, inline);
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' };

type Inline = (tokens: Token[] | undefined) => string;

function blocks(tokens: readonly Token[], width: number, theme: Theme, inline: Inline): string[] {
  const lines: string[] = [];
  for (const token of tokens) {
    const block = one(token, width, theme, inline);
    if (block.length === 0) continue;
    if (lines.length > 0) lines.push('');
    lines.push(...block);
  }
  return lines;
}

function one(token: Token, width: number, theme: Theme, inline: Inline): string[] {
  switch (token.type) {
    case 'heading':
      return wrap(theme.paint('heading', inline(token.tokens)), width);
    case 'paragraph':
      return wrap(inline(token.tokens), width);
    case 'text':
      return wrap(inline(token.tokens ?? [token]), width);
    case 'code':
      // Pictures and listings: never wrapped, cut where they are too wide.
      return plain((token as Tokens.Code).text)
        .split('\n')
        .map((line) => clip(`  ${line}`, width));
    case 'blockquote':
      return blocks(token.tokens ?? [], width - 2, theme, inline).map((line) => `${theme.paint('dim', '│')} ${line}`);
    case 'list':
      return list(token as Tokens.List, width, theme, inline);
    case 'table':
      return tableLines(token as Tokens.Table, width, theme, inline);
    case 'hr':
      return [theme.paint('dim', glyph.rule.repeat(Math.min(width, 24)))];
    default:
      return [];
  }
}

function list(token: Tokens.List, width: number, theme: Theme, inline: Inline): string[] {
  const start = typeof token.start === 'number' ? token.start : 1;
  const last = String(start + token.items.length - 1).length;
  return token.items.flatMap((item, index) => {
    const mark = token.ordered ? `${String(start + index).padStart(last)}. ` : '• ';
    const box = item.task === true ? `[${item.checked === true ? 'x' : ' '}] ` : '';
    const prefix = mark + box;
    const indent = ' '.repeat(prefix.length);
    const body = item.tokens.filter(({ type }) => type !== 'checkbox');
    const [first, ...rest] = body;
    const head =
      first === undefined || first.type === 'list'
        ? [prefix]
        : hang(theme.paint('dim', prefix), inline('tokens' in first ? first.tokens : [first]), width);
    const others = first?.type === 'list' ? body : rest;
    const more = others.flatMap((each) => one(each, width - prefix.length, theme, inline).map((line) => indent + line));
    const gap = token.loose && index < token.items.length - 1 ? [''] : [];
    return [...head, ...more, ...gap];
  });
}
