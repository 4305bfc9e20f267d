const MAP: Record<string, string> = {
  '✓': '+',
  '✗': 'x',
  '−': '-',
  '○': 'o',
  '●': '*',
  '◐': '%',
  '‖': '"',
  '▸': '>',
  '›': '>',
  '❯': '>',
  '←': '<',
  '→': '>',
  '↑': '^',
  '↓': 'v',
  '·': '.',
  '…': '~',
  '•': '*',
  '×': 'x',
  '–': '-',
  '—': '-',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '━': '=',
  '─': '-',
  '│': '|',
  '┃': '|',
  '█': '#',
  '░': '.',
};

/** Replaces what ASCII lacks, one column for one column, so that layout and cursor positions stay right. */
export function toAscii(text: string): string {
  return text.replace(/[^\0-\x7F]/gu, (character) => {
    const mapped = MAP[character];
    if (mapped !== undefined) return mapped;
    const code = character.codePointAt(0) as number;
    if (code >= 0x2500 && code <= 0x257f) return '+';
    if (code >= 0x2800 && code <= 0x28ff) return '|/-\\'[code % 4] as string;
    const plain = character.normalize('NFD').replace(/[^\0-\x7F]/g, '');
    if (plain.length === 1) return plain;
    if (/\p{Mark}/u.test(character)) return '';
    return isWide(code) ? '??' : '?';
  });
}

/** East Asian wide and emoji blocks, roughly as terminals count them. */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

/** Does the locale say UTF-8? Empty says nothing and counts as C; Windows terminals always can. */
export function localeIsUtf8(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  if (platform === 'win32' || platform === 'darwin') return true;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /utf-?8/i.test(locale);
}
