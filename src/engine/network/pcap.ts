/** Classic pcap with microseconds, Ethernet, little-endian: what every tool reads. */
export const PCAP_HEADER_BYTES = 24;
export const RECORD_HEADER_BYTES = 16;
const MAGIC = 0xa1b2c3d4;
const SNAP_LENGTH = 262144;
const ETHERNET = 1;

export function pcapHeader(): Buffer {
  const header = Buffer.alloc(PCAP_HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(SNAP_LENGTH, 16);
  header.writeUInt32LE(ETHERNET, 20);
  return header;
}

/** Writes a record header into `target` at `at`; `time` in microseconds since the epoch. */
export function putRecordHeader(target: Buffer, at: number, time: number, stored: number, original: number): void {
  target.writeUInt32LE(Math.floor(time / 1_000_000), at);
  target.writeUInt32LE(time % 1_000_000, at + 4);
  target.writeUInt32LE(stored, at + 8);
  target.writeUInt32LE(original, at + 12);
}

export interface PcapRecord {
  /** Microseconds since the epoch. */
  time: number;
  /** Length on the wire; `frame` may hold only its beginning. */
  length: number;
  frame: Buffer;
}

/** Reads the whole records of a capture; a truncated or damaged end is left out. Throws when it is not such a capture. */
export function readPcap(bytes: Buffer): PcapRecord[] {
  const records: PcapRecord[] = [];
  if (!isPcap(bytes)) throw new Error('not a little-endian microsecond pcap of Ethernet frames');
  let at = PCAP_HEADER_BYTES;
  for (;;) {
    const end = recordEnd(bytes, at);
    if (end === undefined) return records;
    records.push({
      time: bytes.readUInt32LE(at) * 1_000_000 + bytes.readUInt32LE(at + 4),
      length: bytes.readUInt32LE(at + 12),
      frame: bytes.subarray(at + RECORD_HEADER_BYTES, end),
    });
    at = end;
  }
}

/** How many bytes of a capture are whole: 0 when it is none, otherwise up to the end of the last whole record. */
export function wholePcapLength(bytes: Buffer): number {
  if (!isPcap(bytes)) return 0;
  let at = PCAP_HEADER_BYTES;
  for (;;) {
    const end = recordEnd(bytes, at);
    if (end === undefined) return at;
    at = end;
  }
}

function isPcap(bytes: Buffer): boolean {
  return bytes.length >= PCAP_HEADER_BYTES && bytes.subarray(0, 8).equals(pcapHeader().subarray(0, 8));
}

function recordEnd(bytes: Buffer, at: number): number | undefined {
  if (at + RECORD_HEADER_BYTES > bytes.length) return undefined;
  const stored = bytes.readUInt32LE(at + 8);
  if (stored > SNAP_LENGTH || stored > bytes.readUInt32LE(at + 12)) return undefined;
  const end = at + RECORD_HEADER_BYTES + stored;
  return end > bytes.length ? undefined : end;
}
