import { ip6Text, ipText, printable } from './text.js';

export interface Dns {
  id: number;
  response: boolean;
  /** 0 no error, 3 no such name. */
  code: number;
  name: string;
  /** A, AAAA, PTR … of the first question. */
  type: string;
  /** Addresses and names that were answered. */
  answers: string[];
}

const TYPES: Record<number, string> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  65: 'HTTPS',
  255: 'ANY',
};
const MOST_ANSWERS = 16;
const MOST_LABELS = 128;
const MOST_JUMPS = 16;

export const DNS_CODES: Record<number, string> = {
  1: 'format error',
  2: 'server failure',
  3: 'no such name',
  4: 'not implemented',
  5: 'refused',
};

/** undefined: this is no DNS message with a question. */
export function decodeDns(bytes: Buffer): Dns | undefined {
  if (bytes.length < 12 || bytes.readUInt16BE(4) === 0) return undefined;
  const flags = bytes.readUInt16BE(2);
  const question = readName(bytes, 12);
  if (question === undefined || question.end + 4 > bytes.length) return undefined;
  const number = bytes.readUInt16BE(question.end);
  const dns: Dns = {
    id: bytes.readUInt16BE(0),
    response: (flags & 0x8000) !== 0,
    code: flags & 15,
    name: question.name,
    type: TYPES[number] ?? `type ${number}`,
    answers: [],
  };
  let at = question.end + 4;
  const questions = bytes.readUInt16BE(4);
  const answers = Math.min(MOST_ANSWERS, bytes.readUInt16BE(6));
  // Nobody asks two questions at once; answers to such are not looked for.
  for (let count = 0; questions === 1 && count < answers; count++) {
    const owner = readName(bytes, at);
    if (owner === undefined || owner.end + 10 > bytes.length) break;
    const start = owner.end + 10;
    const end = start + bytes.readUInt16BE(owner.end + 8);
    if (end > bytes.length) break;
    const answer = readAnswer(bytes, bytes.readUInt16BE(owner.end), start, end);
    if (answer !== undefined) dns.answers.push(answer);
    at = end;
  }
  return dns;
}

function readAnswer(bytes: Buffer, type: number, start: number, end: number): string | undefined {
  if (type === 1 && end - start === 4) return ipText(bytes, start);
  if (type === 28 && end - start === 16) return ip6Text(bytes, start);
  if (type === 2 || type === 5 || type === 12) return readName(bytes, start)?.name;
  if (type === 16) return printable(bytes.subarray(start + 1, end));
  if (type === 33 && end - start > 6) {
    const name = readName(bytes, start + 6)?.name;
    return name === undefined ? undefined : `${name}:${bytes.readUInt16BE(start + 4)}`;
  }
  return undefined;
}

/** A name and where it ends; pointers are followed a few times only. */
function readName(bytes: Buffer, start: number): { name: string; end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  for (let jumps = 0; labels.length < MOST_LABELS; ) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length >= 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined || ++jumps > MOST_JUMPS) return undefined;
      end ??= at + 2;
      at = ((length & 0x3f) << 8) | low;
    } else if (length === 0) {
      return { name: labels.join('.') || '.', end: end ?? at + 1 };
    } else {
      if (length > 63 || at + 1 + length > bytes.length) return undefined;
      labels.push(printable(bytes.subarray(at + 1, at + 1 + length)));
      at += 1 + length;
    }
  }
  return undefined;
}
