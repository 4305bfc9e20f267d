import { printable } from './text.js';

export interface HttpRequest {
  method: string;
  /** Path with query, as it was sent. */
  target: string;
  host?: string;
  agent?: string;
  contentLength?: number;
  chunked: boolean;
}

export interface HttpResponse {
  status: number;
  reason: string;
  contentLength?: number;
  chunked: boolean;
}

/** Bytes of the head, up to and with the empty line; undefined while that was not seen. */
export interface HttpHead {
  request?: HttpRequest;
  response?: HttpResponse;
  headLength?: number;
}

const REQUEST = /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE) (\S{1,4096}) HTTP\/1\.\d$/;
const RESPONSE = /^HTTP\/1\.\d (\d{3})(?: (.*))?$/;
/** Letters that requests and responses begin with. */
const FIRST = new Set([...'GHPDOCT'].map((letter) => letter.charCodeAt(0)));
const LONGEST_HEAD = 16 * 1024;

/** Could a head of HTTP/1 begin here? Cheap enough to ask of every segment. */
export function beginsHttp(bytes: Buffer): boolean {
  if (bytes.length < 5 || !FIRST.has(bytes[0] as number)) return false;
  const word = bytes.toString('latin1', 0, Math.min(8, bytes.length));
  return /^(HTTP\/1\.|GET |HEAD |POST |PUT |DELETE |OPTIONS |PATCH |CONNECT|TRACE )/.test(word);
}

/** The head of a request or response that begins with `bytes`; undefined: there is none, or not even its first line. */
export function decodeHttp(bytes: Buffer): HttpHead | undefined {
  if (!beginsHttp(bytes)) return undefined;
  const text = bytes.toString('latin1', 0, LONGEST_HEAD);
  const end = text.indexOf('\r\n\r\n');
  const lines = (end === -1 ? text : text.slice(0, end)).split('\r\n', 128);
  // The last line may have been cut off; the first is wanted in any case.
  if (end === -1 && lines.length > 1) lines.pop();
  const first = lines[0] ?? '';
  const head = end === -1 ? {} : { headLength: end + 4 };
  const request = REQUEST.exec(first);
  if (request !== null) {
    const host = field(lines, 'host');
    const agent = field(lines, 'user-agent');
    return {
      ...head,
      request: {
        method: request[1] as string,
        target: clean(request[2] as string),
        ...(host === undefined ? {} : { host }),
        ...(agent === undefined ? {} : { agent }),
        ...bodyOf(lines),
      },
    };
  }
  const response = RESPONSE.exec(first);
  if (response === null) return undefined;
  return {
    ...head,
    response: { status: Number(response[1]), reason: clean(response[2] ?? ''), ...bodyOf(lines) },
  };
}

/** How the end of what follows the head is told. */
function bodyOf(lines: readonly string[]): { contentLength?: number; chunked: boolean } {
  const length = field(lines, 'content-length');
  return {
    chunked: /\bchunked\b/i.test(field(lines, 'transfer-encoding') ?? ''),
    ...(length !== undefined && /^\d{1,15}$/.test(length) ? { contentLength: Number(length) } : {}),
  };
}

const clean = (text: string) => printable(Buffer.from(text, 'latin1'), 1024);

function field(lines: readonly string[], name: string): string | undefined {
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon === name.length && line.slice(0, colon).toLowerCase() === name)
      return clean(line.slice(colon + 1).trim());
  }
  return undefined;
}
