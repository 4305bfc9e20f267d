/** Ports of DNS and DHCP. */
const TOLD_WHOLE = new Set([53, 67, 68]);
/** What heads of requests and responses begin with, and what Omaha's messages do where they come after their heads; as numbers. */
const HEADS = new Set(
  ['HTTP', 'GET ', 'PUT ', 'POST', 'HEAD', '<?xm'].map((word) => Buffer.from(word).readUInt32BE(0)),
);

/** Does a frame say what goes on (DHCP, DNS, the head of a request), or does it only carry the bytes of a file? Looks at a few bytes. */
export function isTelling(buffer: Buffer, start: number, end: number): boolean {
  const ip = start + 14;
  if (end - ip < 28 || buffer.readUInt16BE(start + 12) !== 0x0800) return false;
  const transport = ip + ((buffer[ip] as number) & 15) * 4;
  if (transport + 8 > end) return false;
  if (buffer[ip + 9] === 17) {
    return TOLD_WHOLE.has(buffer.readUInt16BE(transport)) || TOLD_WHOLE.has(buffer.readUInt16BE(transport + 2));
  }
  if (buffer[ip + 9] !== 6 || transport + 13 > end) return false;
  const payload = transport + ((buffer[transport + 12] as number) >> 4) * 4;
  return payload + 4 <= end && HEADS.has(buffer.readUInt32BE(payload));
}
