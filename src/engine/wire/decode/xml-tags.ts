/** Tags that are looked at; no Omaha message has as many. */
const MOST_TAGS = 256;
const MOST_ATTRIBUTES = 32;
const LONGEST = 64 * 1024;

/** A tag that begins an element; those that end one say nothing new. */
export interface XmlTag {
  name: string;
  attributes: ReadonlyMap<string, string>;
}

const TAG = /^([A-Za-z][\w:.-]{0,63})((?:[^"'>]|"[^"]*"|'[^']*')*)>/;
const ATTRIBUTE = /([\w:.-]{1,64})\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * The tags in a text, in their order. No parser of XML, on purpose: what is damaged, cut off or was not recorded (zero bytes) is left out,
 * and the rest is told all the same.
 */
export function xmlTags(bytes: Buffer): XmlTag[] {
  const tags: XmlTag[] = [];
  for (const part of bytes
    .toString('latin1', 0, LONGEST)
    .split('<', 2 * MOST_TAGS)
    .slice(1)) {
    const found = TAG.exec(part);
    if (found === null || found[0].includes('\0')) continue;
    const attributes = new Map<string, string>();
    for (const [, name = '', double, single] of (found[2] as string).matchAll(ATTRIBUTE)) {
      if (attributes.size >= MOST_ATTRIBUTES) break;
      attributes.set(name, unescaped(double ?? single ?? ''));
    }
    tags.push({ name: found[1] as string, attributes });
    if (tags.length >= MOST_TAGS) break;
  }
  return tags;
}

function unescaped(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(\w{1,6}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
