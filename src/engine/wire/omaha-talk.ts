import { Body } from './body.js';
import type { HttpRequest, HttpResponse } from './decode/http.js';
import { decodeOmaha } from './decode/omaha.js';
import type { HttpExchange } from './happening.js';
import { pathOf } from './words.js';

/** Where update servers are asked: Flatcar's, Nebraska, and CoreRoller before it. */
export const isOmaha = (exchange: HttpExchange) =>
  exchange.method === 'POST' && /^\/(v1\/update|omaha)\/?$/.test(pathOf(exchange));

/** Listens to one side of a connection on which Omaha is spoken. */
export class OmahaTalk {
  #open: { exchange: HttpExchange; body: Body } | undefined;

  constructor(private readonly side: 'request' | 'answer') {}

  /** A message begins at `start`; what was open before is over. */
  begin(
    exchange: HttpExchange,
    start: number,
    { contentLength, chunked }: Pick<HttpRequest | HttpResponse, 'contentLength' | 'chunked'>,
  ): void {
    const empty = contentLength === 0 || (this.side === 'request' && contentLength === undefined && !chunked);
    this.#open = empty ? undefined : { exchange, body: new Body(start, contentLength, chunked) };
  }

  /** The exchange that a segment says more of. */
  take(bytes: Buffer, seq: number): HttpExchange | undefined {
    const open = this.#open;
    if (open === undefined || !open.body.put(bytes, seq)) return undefined;
    if (open.body.isWhole) {
      this.understand();
      this.#open = undefined;
    }
    return open.exchange;
  }

  /** Makes of the message what can be made of it now; segments that are late may still complete it. */
  understand(): void {
    if (this.#open === undefined) return;
    const { exchange, body } = this.#open;
    const heard = decodeOmaha(body.bytes)?.[this.side];
    if (heard !== undefined) exchange.omaha = { ...exchange.omaha, [this.side]: heard };
  }

  /** No more of it will come. */
  end(): void {
    this.understand();
    this.#open = undefined;
  }
}
