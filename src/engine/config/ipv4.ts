/** The number of a dotted quad, or undefined when it is none. */
export function ipv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return parts.reduce((number, part) => number * 256 + Number(part), 0);
}

/** First and last usable host address of a network such as 192.168.2.0/24; undefined when it is none (prefixes 8 to 29). */
export function hostRange(cidr: string): { first: number; last: number } | undefined {
  const [address = '', length = '', more] = cidr.split('/');
  const base = ipv4(address);
  if (base === undefined || more !== undefined || !/^\d{1,2}$/.test(length)) return undefined;
  const prefix = Number(length);
  if (prefix < 8 || prefix > 29) return undefined;
  const size = 2 ** (32 - prefix);
  return base % size === 0 ? { first: base + 1, last: base + size - 2 } : undefined;
}
