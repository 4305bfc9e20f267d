import type { Position } from '../lesson.js';
import { isName, slug } from './names.js';
import type { Report, Source } from './source.js';

export interface ReadHeading {
  id: string;
  title: string;
  position: Position;
  /** Where the id stands, or the heading when it has none. */
  idOffset: number;
}

/** Reads `## Title {#id}`. `text` is the heading without its marks, `raw` with them. */
export function readHeading(source: Source, raw: string, text: string, offset: number, report: Report): ReadHeading {
  const start = offset + (raw.length - raw.trimStart().length);
  const position = source.at(start);
  const [whole = '', inside = ''] = /\{([^{}]*)\}\s*$/.exec(text) ?? [];
  const hasId = inside.startsWith('#');
  const title = (hasId ? text.slice(0, text.length - whole.length) : text).trim().replace(/\s+/g, ' ');
  const written = hasId ? inside.slice(1).trim() : '';
  const idOffset = hasId ? offset + Math.max(0, raw.lastIndexOf('{')) : start;
  if (title === '') {
    report(start, {
      rule: 'step-title',
      message: 'This step has no title',
      suggestion: 'write "## What happens {#id}"',
    });
  }
  if (!hasId) {
    report(
      start,
      {
        rule: 'step-id-missing',
        message: 'This step has no id, so its progress is lost when the heading changes',
        suggestion: `write "## ${title.slice(0, 60)} {#${slug(title)}}"`,
      },
      'warning',
    );
  } else if (!isName(written)) {
    report(idOffset, {
      rule: 'step-id',
      message: 'The id of a step must be made of a–z, 0–9 and hyphens',
      suggestion: `write "{#${slug(written || title)}}"`,
    });
  }
  return {
    id: isName(written) ? written : slug(written || title),
    title: title || 'Untitled step',
    position,
    idOffset,
  };
}
