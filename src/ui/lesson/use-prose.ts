import { useEffect, useState } from 'react';
import { useUi } from '../app/context.js';
import { plain, wrap } from '../theme/text.js';
import type { Prose } from './lesson-lines.js';
import type { Markdown } from './markdown.js';

const CACHED = 64;

/**
 * Renders prose, with what was rendered before kept. marked-terminal is loaded when prose is first shown; until then the
 * text stands there as it was written.
 */
export function useProse(): Prose {
  const { theme, parts } = useUi();
  const [markdown, setMarkdown] = useState<Markdown | undefined>(() => parts.markdown);
  const [cache] = useState(() => new Map<string, string[]>());
  useEffect(() => {
    if (markdown !== undefined) return;
    let live = true;
    void import('./markdown.js').then(({ createMarkdown }) => {
      const created = parts.markdown ?? createMarkdown(theme);
      parts.markdown = created;
      if (live) setMarkdown(() => created);
    });
    return () => {
      live = false;
    };
  }, [markdown, theme, parts]);
  return (text, width) => {
    if (markdown === undefined) return wrap(plain(text), width);
    const key = `${width} ${text}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const lines = markdown(text, width);
    if (cache.size >= CACHED) cache.delete(cache.keys().next().value as string);
    cache.set(key, lines);
    return lines;
  };
}
