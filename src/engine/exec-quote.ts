/** Words that no shell changes; everything else is put in single quotes. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word as a person would have to type it in a POSIX shell. For display only: nothing is ever run this way. */
export function quoteWord(word: string): string {
  if (PLAIN.test(word)) return word;
  if (/[\u0000-\u001f\u007f]/.test(word)) {
    // Control characters would reach the presenter's terminal; $'…' shows them and still pastes into bash and zsh.
    const escaped = word.replace(/[\\'\u0000-\u001f\u007f]/g, (character) =>
      character === '\\' || character === "'"
        ? `\\${character}`
        : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
    return `$'${escaped}'`;
  }
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A whole command as one copyable line: directory, environment, program, arguments. */
export function quoteCommand(
  program: string,
  args: readonly string[],
  options: { cwd?: string | undefined; env?: Record<string, string> | undefined } = {},
): string {
  const variables = Object.entries(options.env ?? {}).map(([key, value]) => `${key}=${quoteWord(value)}`);
  const line = [...variables, ...[program, ...args].map(quoteWord)].join(' ');
  return options.cwd === undefined ? line : `cd ${quoteWord(options.cwd)} && ${line}`;
}
