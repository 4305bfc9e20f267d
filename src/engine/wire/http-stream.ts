import { beginsHttp, decodeHttp, type HttpRequest, type HttpResponse } from './decode/http.js';
import type { HttpExchange, TcpConnection } from './happening.js';
import { isOmaha, OmahaTalk } from './omaha-talk.js';

/** A head that has no end after this many bytes is taken as it is. */
const LONGEST_HEAD = 16 * 1024;
const MOST_WAITING = 16;

/** The part of a head that came so far. */
interface Head {
  start: number;
  next: number;
  bytes: Buffer;
}

/**
 * The exchanges of one connection. How much of a body came is told by TCP's sequence numbers, so that frames of which only the
 * beginning was recorded count in full.
 */
export class HttpStream {
  /** Requests without a response. */
  readonly #waiting: HttpExchange[] = [];
  /** The exchange that was asked for last. */
  latest: HttpExchange | undefined;
  /** Where its head began: what begins there or before has come again. */
  #asked = Number.NEGATIVE_INFINITY;
  #up: Head | undefined;
  #down: Head | undefined;
  #current: { exchange: HttpExchange; bodyStart: number; chunked: boolean } | undefined;
  /** What is said to an update server and by it: the only bodies that are read. */
  readonly #said = { up: new OmahaTalk('request'), down: new OmahaTalk('answer') };

  constructor(
    private readonly connection: TcpConnection,
    private readonly nextId: () => number,
  ) {}

  /** Bytes from the client, of which `bytes` were recorded and which begin at `seq`, counted from the connection's start. */
  fromClient(bytes: Buffer, length: number, seq: number, time: number): HttpExchange | undefined {
    const told = this.#said.up.take(bytes, seq);
    if (told !== undefined || seq <= this.#asked) return told;
    const head = gather(this.#up, bytes, length, seq);
    this.#up = head?.open ? head : undefined;
    const decoded = head === undefined ? undefined : decodeHttp(head.bytes);
    if (head === undefined || (head.open && decoded?.headLength === undefined)) return undefined;
    this.#up = undefined;
    if (decoded?.request === undefined) return undefined;
    const { request } = decoded;
    const exchange: HttpExchange = {
      id: this.nextId(),
      client: this.connection.client,
      server: this.connection.server,
      method: request.method,
      target: request.target,
      ...(request.host === undefined ? {} : { host: request.host }),
      ...(request.agent === undefined ? {} : { agent: request.agent }),
      done: 0,
      state: 'asked',
      started: time,
    };
    this.#waiting.push(exchange);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    this.latest = exchange;
    this.#asked = head.start;
    this.#listen('up', exchange, head, decoded.headLength, request);
    return exchange;
  }

  fromServer(bytes: Buffer, length: number, seq: number, time: number): HttpExchange | undefined {
    const current = this.#current;
    if (current?.exchange.state === 'answering') {
      // A response without a known end is over when the next one begins.
      const next = current.exchange.size === undefined && this.#waiting.length > 0 && beginsHttp(bytes);
      if (!next) {
        this.#said.down.take(bytes, seq);
        this.#body(current, seq + length, time);
        if (current.chunked && endsChunks(bytes, length)) this.#finish(current.exchange, 'done', time);
        return current.exchange;
      }
      this.#finish(current.exchange, 'done', time);
    } else if (current !== undefined && seq < current.bodyStart + current.exchange.done) {
      this.#said.down.take(bytes, seq);
      return current.exchange;
    }
    const head = gather(this.#down, bytes, length, seq);
    this.#down = head?.open ? head : undefined;
    const decoded = head === undefined ? undefined : decodeHttp(head.bytes);
    if (head === undefined || (head.open && decoded?.headLength === undefined)) return undefined;
    this.#down = undefined;
    const response = decoded?.response;
    // 1xx only announces a response.
    if (response === undefined || response.status < 200) return undefined;
    const exchange = this.#waiting.shift();
    if (exchange === undefined) return undefined;
    // Who answers has heard all of it.
    this.#said.up.end();
    exchange.status = response.status;
    exchange.reason = response.reason;
    exchange.state = 'answering';
    const bodiless = exchange.method === 'HEAD' || response.status === 204 || response.status === 304;
    const size = bodiless ? 0 : response.chunked ? undefined : response.contentLength;
    if (size !== undefined) exchange.size = size;
    const bodyStart = head.start + (decoded?.headLength ?? head.bytes.length);
    this.#current = { exchange, bodyStart, chunked: response.chunked };
    this.#listen('down', exchange, head, decoded?.headLength, response);
    this.#body(this.#current, head.next, time);
    if (response.chunked && endsChunks(bytes, length)) this.#finish(exchange, 'done', time);
    return exchange;
  }

  /** The connection is over: by the server's FIN, or by force. */
  end(clean: boolean, time: number): HttpExchange | undefined {
    const exchange = this.#current?.exchange;
    if (exchange === undefined || exchange.state !== 'answering') {
      const waiting = this.#waiting.shift();
      if (waiting !== undefined) finish(waiting, 'cut', time);
      return waiting;
    }
    this.#finish(exchange, clean && exchange.size === undefined ? 'done' : 'cut', time);
    return exchange;
  }

  /** Reads the body that follows a head, if it is of Omaha. */
  #listen(
    way: 'up' | 'down',
    exchange: HttpExchange,
    head: Head,
    headLength: number | undefined,
    body: Pick<HttpRequest | HttpResponse, 'contentLength' | 'chunked'>,
  ): void {
    if (headLength === undefined || !isOmaha(exchange)) return;
    this.#said[way].begin(exchange, head.start + headLength, body);
    this.#said[way].take(head.bytes.subarray(headLength), head.start + headLength);
  }

  #body(current: { exchange: HttpExchange; bodyStart: number }, end: number, time: number): void {
    const { exchange, bodyStart } = current;
    exchange.done = Math.max(exchange.done, Math.min(end - bodyStart, exchange.size ?? Number.POSITIVE_INFINITY));
    if (exchange.state === 'answering' && exchange.size !== undefined && exchange.done >= exchange.size)
      this.#finish(exchange, 'done', time);
  }

  /** The answer is over. */
  #finish(exchange: HttpExchange, state: 'done' | 'cut', time: number): void {
    this.#said.down.understand();
    finish(exchange, state, time);
  }
}

/** The last chunk is empty. */
function endsChunks(bytes: Buffer, length: number): boolean {
  return bytes.length === length && bytes.subarray(-5).equals(Buffer.from('0\r\n\r\n'));
}

function finish(exchange: HttpExchange, state: 'done' | 'cut', time: number): void {
  exchange.state = state;
  exchange.ended = time;
}

/** Puts a piece to a head. `open`: its end may still come. undefined: no head begins here, and none goes on. */
function gather(
  before: Head | undefined,
  bytes: Buffer,
  length: number,
  seq: number,
): (Head & { open: boolean }) | undefined {
  const cut = bytes.length < length;
  if (before !== undefined && before.next === seq) {
    const all = Buffer.concat([before.bytes, bytes]);
    return { start: before.start, next: seq + length, bytes: all, open: !cut && all.length < LONGEST_HEAD };
  }
  if (!beginsHttp(bytes)) return undefined;
  return { start: seq, next: seq + length, bytes, open: !cut && bytes.length < LONGEST_HEAD };
}
