/** Ids of lessons, steps and actions: they name files and appear on command lines. */
export function isName(text: string): boolean {
  return /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text) && text.length <= 64;
}

/** A name made from any text: `Up the sandbox!` gives `up-the-sandbox`. Never empty. */
export function slug(text: string, otherwise = 'step'): string {
  const made = text
    .slice(0, 200)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f'’]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 64)
    .replace(/-+$/, '');
  return made === '' ? otherwise : made;
}
