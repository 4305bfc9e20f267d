import { printable } from './text.js';

export type Tftp =
  | {
      kind: 'read' | 'write';
      file: string;
      mode: string;
      options: ReadonlyMap<string, string>;
    }
  | { kind: 'data'; block: number; bytes: number }
  | { kind: 'ack'; block: number }
  | { kind: 'error'; code: number; message: string }
  | { kind: 'oack'; options: ReadonlyMap<string, string> };

/** `length`: of the message, of which `bytes` may be only the beginning. undefined: no TFTP. */
export function decodeTftp(bytes: Buffer, length = bytes.length): Tftp | undefined {
  if (bytes.length < 4) return undefined;
  const opcode = bytes.readUInt16BE(0);
  const number = bytes.readUInt16BE(2);
  switch (opcode) {
    case 1:
    case 2: {
      const [file, mode, ...rest] = strings(bytes.subarray(2));
      if (file === undefined || mode === undefined) return undefined;
      return { kind: opcode === 1 ? 'read' : 'write', file, mode, options: pairs(rest) };
    }
    case 3:
      return { kind: 'data', block: number, bytes: Math.max(0, length - 4) };
    case 4:
      return { kind: 'ack', block: number };
    case 5:
      return { kind: 'error', code: number, message: strings(bytes.subarray(4))[0] ?? printable(bytes.subarray(4)) };
    case 6:
      return { kind: 'oack', options: pairs(strings(bytes.subarray(2))) };
    default:
      return undefined;
  }
}

/** Zero-ended texts; what has no end is not one. */
function strings(bytes: Buffer): string[] {
  const found: string[] = [];
  let at = 0;
  while (found.length < 32) {
    const end = bytes.indexOf(0, at);
    if (end === -1) break;
    found.push(printable(bytes.subarray(at, end)));
    at = end + 1;
  }
  return found;
}

function pairs(texts: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (let index = 0; index + 1 < texts.length; index += 2) {
    options.set((texts[index] as string).toLowerCase(), texts[index + 1] as string);
  }
  return options;
}
