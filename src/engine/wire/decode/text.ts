/** Text out of a frame, fit for a terminal: nothing that could steer it, and no longer than anybody reads. */
export function printable(bytes: Buffer, longest = 255): string {
  const text = bytes.subarray(0, longest).toString('latin1');
  return /^[\x20-\x7E]*$/.test(text) ? text : text.replace(/[^\x20-\x7E]/g, '·');
}

/** As `printable`, up to the first zero byte. */
export function zeroEnded(bytes: Buffer, longest = 255): string {
  const end = bytes.indexOf(0);
  return printable(end === -1 ? bytes : bytes.subarray(0, end), longest);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** aa:bb:cc:dd:ee:ff; the caller has made sure that six bytes are there. */
export function macText(bytes: Buffer, at: number): string {
  let text = HEX[bytes[at] as number] as string;
  for (let index = 1; index < 6; index++) text += `:${HEX[bytes[at + index] as number]}`;
  return text;
}

/** Dotted quad; the caller has made sure that four bytes are there. */
export function ipText(bytes: Buffer, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** As RFC 5952 writes it; the caller has made sure that sixteen bytes are there. */
export function ip6Text(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(at + 2 * index));
  let start = -1;
  let longest = 1;
  for (let from = 0; from < 8; from++) {
    let end = from;
    while (end < 8 && groups[end] === 0) end++;
    if (end - from > longest) {
      start = from;
      longest = end - from;
    }
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  return start === -1 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + longest))}`;
}
