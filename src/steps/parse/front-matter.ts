import { isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap } from 'yaml';
import { suggest } from '../../engine/did-you-mean.js';
import { parseDuration } from './duration.js';
import { isName, slug } from './names.js';
import type { Report, Source } from './source.js';

export interface FrontMatter {
  id?: string;
  title?: string;
  summary?: string;
  /** Minutes. */
  duration?: number;
  requires: { id: string; offset: number }[];
  /** Where `id` stands, for faults that concern the whole lesson. */
  idOffset: number;
  /** Where the lesson's text begins. */
  end: number;
}

const MAX_YAML = 16 * 1024;
const KEYS = ['id', 'title', 'summary', 'duration', 'requires'];
const EXAMPLE: Record<string, string> = {
  id: 'id: my-lesson',
  title: 'title: What it is called',
  summary: 'summary: One sentence about what will happen.',
  duration: 'duration: 20m',
};

/** Reads the YAML between the two `---` lines; every fault is reported at its own place. */
export function readFrontMatter(source: Source, report: Report): FrontMatter {
  const { text } = source;
  const result: FrontMatter = { requires: [], idOffset: 0, end: 0 };
  const opening = /^---[ \t]*(?:\n|$)/.exec(text);
  if (!opening) {
    report(0, {
      rule: 'front-matter-missing',
      message: 'The file does not begin with front matter',
      suggestion: `begin it with the lines: --- ${EXAMPLE.id} ${EXAMPLE.title} ${EXAMPLE.summary} ${EXAMPLE.duration} requires: [] ---`,
    });
    return result;
  }
  const start = opening[0].length;
  const rest = text.slice(start);
  const found = /^(?:---|\.\.\.)[ \t]*$/m.exec(rest);
  // A line of --- far below, after headings and fences, is part of the lesson.
  const closing = found && !/^(?:##|```|~~~)/m.test(rest.slice(0, found.index)) ? found : undefined;
  // Front matter that never ends would swallow the lesson: what looks like YAML is taken, the rest is the lesson.
  const length = closing?.index ?? /^(?![a-z]+:|[ \t-]).*$/m.exec(rest)?.index ?? rest.length;
  if (!closing) {
    report(0, {
      rule: 'front-matter-unclosed',
      message: 'The front matter has no end',
      suggestion: 'write a line --- after its last key',
    });
  }
  result.end = start + length + (closing ? closing[0].length + 1 : 0);
  readYaml(rest.slice(0, length), start, result, report);
  return result;
}

function readYaml(yaml: string, start: number, result: FrontMatter, report: Report): void {
  if (yaml.length > MAX_YAML) {
    report(start, {
      rule: 'front-matter-yaml',
      message: 'The front matter is too long',
      suggestion: `keep it under ${MAX_YAML / 1024} KiB`,
    });
    return;
  }
  const document = parseDocument(yaml, { logLevel: 'silent', prettyErrors: false });
  for (const error of document.errors) {
    report(start + (error.pos[0] ?? 0), {
      rule: 'front-matter-yaml',
      message: `The front matter is not valid YAML: ${(error.message.split('\n')[0] ?? '').replace(/ at line \d+.*$/, '')}`,
      suggestion: 'write one "key: value" a line, and put values with a colon or # in quotes',
    });
  }
  const map = document.contents;
  if (isMap(map)) readKeys(map as YAMLMap, start, result, report);
  else if (map !== null && document.errors.length === 0) {
    report(start, {
      rule: 'front-matter-yaml',
      message: 'The front matter is not a list of keys with values',
      suggestion: 'write one "key: value" a line',
    });
  }
  for (const key of ['id', 'title', 'summary', 'duration'] as const) {
    const present = isMap(map) && map.has(key);
    if (present || (document.errors.length > 0 && yaml.includes(`${key}:`))) continue;
    report(0, {
      rule: 'front-matter-field',
      message: `The front matter has no ${key}`,
      suggestion: `add a line such as "${EXAMPLE[key]}"`,
    });
  }
}

function readKeys(map: YAMLMap, start: number, result: FrontMatter, report: Report): void {
  for (const pair of map.items) {
    const keyNode = pair.key as Node | null;
    const key = isScalar(keyNode) ? String(keyNode.value) : '';
    const keyOffset = start + (keyNode?.range?.[0] ?? 0);
    const valueNode = pair.value as Node | null;
    const offset = valueNode?.range ? start + valueNode.range[0] : keyOffset;
    const value = isScalar(valueNode) ? valueNode.value : undefined;
    const bad = (message: string, suggestion: string) =>
      report(offset, { rule: 'front-matter-value', message, suggestion });
    if (key === 'id') {
      result.idOffset = offset;
      if (typeof value === 'string' && isName(value)) result.id = value;
      else {
        const made = slug(String(value ?? ''), 'my-lesson');
        bad(
          'The id must be made of a–z, 0–9 and hyphens',
          `write "id: ${/^\d+$/.test(made) ? `lesson-${made}` : made}"`,
        );
      }
    } else if (key === 'title' || key === 'summary') {
      if (typeof value === 'string' && value.trim() !== '') result[key] = value.trim();
      else bad(`The ${key} must be text`, `write "${EXAMPLE[key]}" (in quotes if it is a number, or has a colon or #)`);
    } else if (key === 'duration') {
      const duration = typeof value === 'string' ? parseDuration(value.replaceAll(' ', '')) : undefined;
      if (duration !== undefined) result.duration = duration / 60_000;
      else bad(`"${brief(value)}" is not a duration`, 'write it as "duration: 20m" or "duration: 1h30m"');
    } else if (key === 'requires') readRequires(valueNode, start, result, bad);
    else {
      report(
        keyOffset,
        {
          rule: 'front-matter-unknown-key',
          message: `The front matter knows no "${brief(key)}"`,
          suggestion: suggest(key, KEYS),
        },
        'warning',
      );
    }
  }
}

function readRequires(
  node: Node | null,
  start: number,
  result: FrontMatter,
  bad: (message: string, suggestion: string) => void,
): void {
  if (node === null || (isScalar(node) && node.value === null)) return;
  const items = isSeq(node) ? node.items : undefined;
  for (const item of items ?? []) {
    if (isScalar(item) && typeof item.value === 'string') {
      result.requires.push({ id: item.value, offset: start + (item.range?.[0] ?? 0) });
    } else
      bad(
        '"requires" holds something that is not the id of a lesson',
        'write "requires: [first-lesson, other-lesson]"',
      );
  }
  if (items === undefined)
    bad('"requires" must be a list of lesson ids', 'write "requires: [first-lesson]" or "requires: []"');
}

function brief(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
