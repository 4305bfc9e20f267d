/** One word of a fence's info string; offsets count from the beginning of the info string. */
export interface InfoWord {
  key: string;
  /** Undefined for a flag such as `check`. */
  value?: string;
  offset: number;
  /** Where the value begins, behind `=` and an opening quote. */
  valueOffset: number;
  unclosedQuote: boolean;
}

export interface InfoString {
  /** First word, such as `bash`; empty when there is none. */
  language: string;
  words: InfoWord[];
}

/** Splits `bash on=core-01 name="a b" check` into its language and attributes. Reads anything. */
export function parseInfoString(info: string): InfoString {
  const language = /^\S*/.exec(info.trimStart())?.[0] ?? '';
  const words: InfoWord[] = [];
  const pattern = /([^\s=]*)(=)?("[^"]*"?|'[^']*'?|\S*)/y;
  let at = info.length - info.trimStart().length + language.length;
  while (at < info.length) {
    if (/\s/.test(info[at] ?? '')) {
      at += 1;
      continue;
    }
    pattern.lastIndex = at;
    const [whole = '', key = '', equals, raw = ''] = pattern.exec(info) ?? [];
    if (whole === '') break;
    const quote = raw[0] === '"' || raw[0] === "'" ? raw[0] : '';
    const closed = quote !== '' && raw.length > 1 && raw.endsWith(quote);
    const value = quote === '' ? raw : raw.slice(1, closed ? -1 : undefined);
    words.push({
      key: equals === undefined ? key + raw : key,
      ...(equals === undefined ? {} : { value }),
      offset: at,
      valueOffset: at + (equals === undefined ? 0 : key.length + 1 + quote.length),
      unclosedQuote: equals !== undefined && quote !== '' && !closed,
    });
    at += whole.length;
  }
  return { language, words };
}
