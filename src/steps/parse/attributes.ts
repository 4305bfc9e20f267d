import { didYouMean, suggest } from '../../engine/did-you-mean.js';
import type { Action, Executor } from '../lesson.js';
import { parseDuration } from './duration.js';
import type { InfoWord } from './info-string.js';
import { isName, slug } from './names.js';
import type { Report } from './source.js';

export const EXECUTORS: readonly Executor[] = ['lab', 'bash', 'bats'];
export const ONLY = ['virtualbox', 'qemu', 'flatcar', 'labos'] as const;
const FLAGS = ['check', 'hidden', 'background'];
const VALUED = ['on', 'name', 'timeout', 'retry', 'only'];
export const ATTRIBUTES: readonly string[] = [...VALUED, ...FLAGS];
const ALLOWED: Record<Executor, readonly string[]> = {
  lab: ['name', 'timeout', 'retry', 'only', 'hidden'],
  bash: ['on', 'name', 'timeout', 'retry', 'only', 'hidden', 'background'],
  bats: ['on', 'check', 'name', 'timeout', 'retry', 'only', 'hidden'],
};
const MAX_RETRY = 100;

export type Attributes = Pick<Action, 'on' | 'check' | 'hidden' | 'background' | 'timeout' | 'retry' | 'only'> & {
  name?: string;
};

/** Reads the attributes of an action; a bad one is reported and left out. `base` is the info string's offset. */
export function readAttributes(
  executor: Executor,
  words: readonly InfoWord[],
  base: number,
  report: Report,
): { attributes: Attributes; offsets: Map<string, number> } {
  const attributes: Attributes = { check: false, hidden: false, background: false, retry: 0, only: [] };
  const offsets = new Map<string, number>();
  for (const word of words) {
    if (!acceptable(executor, word, base, offsets, report)) continue;
    offsets.set(word.key, base + word.valueOffset);
    const bad = (rule: string, message: string, suggestion: string) =>
      report(base + word.valueOffset, { rule, message, suggestion });
    if (word.value === undefined) attributes[word.key as 'check' | 'hidden' | 'background'] = true;
    else readValue(word.key, word.value, attributes, bad);
  }
  return { attributes, offsets };
}

function acceptable(
  executor: Executor,
  word: InfoWord,
  base: number,
  seen: Map<string, number>,
  report: Report,
): boolean {
  const { key, value } = word;
  const bad = (rule: string, message: string, suggestion: string) => {
    report(base + word.offset, { rule, message, suggestion });
    return false;
  };
  if (word.unclosedQuote) return bad('attribute-value', `The quote in ${key}= is not closed`, `write ${key}="…"`);
  if (!ATTRIBUTES.includes(key)) {
    const known = executor === 'lab' || didYouMean(key, ALLOWED[executor]) !== undefined;
    const remedy =
      value === undefined && !known
        ? `to run it there write "${executor} on=${brief(key)}"`
        : suggest(key, ALLOWED[executor]);
    return bad('unknown-attribute', `There is no attribute "${brief(key)}"`, remedy);
  }
  if (seen.has(key)) return bad('attribute-twice', `The attribute "${key}" is here twice`, 'keep one of them');
  if (key === 'check' && executor === 'bash') {
    return bad('check-without-bats', 'A check is written in bats, this block is bash', 'write "bats on=… check"');
  }
  if (!ALLOWED[executor].includes(key)) {
    const others = ALLOWED[executor].join(', ');
    return bad(
      'unknown-attribute',
      `A ${executor} block takes no attribute "${key}"`,
      `remove it; it takes: ${others}`,
    );
  }
  if (FLAGS.includes(key) && value !== undefined) {
    return bad('attribute-value', `"${key}" takes no value`, `write only "${key}", or leave it out`);
  }
  if (VALUED.includes(key) && (value === undefined || value === '')) {
    return bad('attribute-value', `"${key}" needs a value`, `write "${key}=…"`);
  }
  return true;
}

function readValue(
  key: string,
  value: string,
  attributes: Attributes,
  bad: (rule: string, message: string, suggestion: string) => void,
): void {
  if (key === 'on') attributes.on = value;
  else if (key === 'name') {
    if (isName(value)) attributes.name = value;
    else {
      const suggestion = `write "name=${slug(value, 'action')}"`;
      bad('attribute-value', 'A name must be made of a–z, 0–9 and hyphens', suggestion);
    }
  } else if (key === 'timeout') {
    const timeout = parseDuration(value);
    if (timeout !== undefined) attributes.timeout = timeout;
    else bad('bad-timeout', `"${brief(value)}" is not a time-out`, durationAdvice(value));
  } else if (key === 'retry') {
    const retry = /^\d{1,3}$/.test(value) ? Number(value) : Number.NaN;
    if (retry <= MAX_RETRY) attributes.retry = retry;
    else
      bad(
        'bad-retry',
        `"${brief(value)}" is not a number of retries`,
        `write a number from 0 to ${MAX_RETRY}: "retry=3"`,
      );
  } else readOnly(value, attributes, bad);
}

function readOnly(
  value: string,
  attributes: Attributes,
  bad: (rule: string, message: string, suggestion: string) => void,
): void {
  for (const name of value.split(',')) {
    const known = ONLY.find((one) => one === name);
    if (known === undefined) {
      bad('bad-only', `"${brief(name)}" in only= is no provider and no image`, suggest(name, ONLY));
    } else if (!attributes.only.includes(known)) attributes.only.push(known);
  }
  if (attributes.only.length === 0) {
    bad('unreachable-only', 'With this only= the block never runs', `use one of: ${ONLY.join(', ')}`);
  }
}

function durationAdvice(value: string): string {
  const [, number, unit] = /^(\d{1,4})\s*(\D*)$/.exec(value) ?? [];
  const short = didYouMean(unit ?? '', ['seconds', 'sec', 'secs', 'minutes', 'min', 'mins', 'hours'])?.[0] ?? 's';
  if (number !== undefined && Number(number) > 0) return `write a number and a unit: "timeout=${number}${short}"`;
  return 'write a number and a unit, up to 24h: "timeout=90s" or "timeout=5m"';
}

function brief(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
