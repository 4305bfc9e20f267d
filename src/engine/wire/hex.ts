/** Bytes as people read them: offset, sixteen in hex, and what of them is text. */
export function hexLines(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.subarray(at, at + 16);
    const hex = [...part].map((byte) => byte.toString(16).padStart(2, '0'));
    const text = part.toString('latin1').replace(/[^\x20-\x7E]/g, '.');
    const columns = `${hex.slice(0, 8).join(' ').padEnd(23)}  ${hex.slice(8).join(' ').padEnd(23)}`;
    lines.push(`${at.toString(16).padStart(4, '0')}  ${columns}  ${text}`);
  }
  return lines;
}
