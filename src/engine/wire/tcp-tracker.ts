import { BoundedMap } from './bounded-map.js';
import { beginsHttp } from './decode/http.js';
import type { Ip, Packet, Tcp } from './decode/packet.js';
import type { HttpExchange, TcpConnection } from './happening.js';
import { HttpStream } from './http-stream.js';

const MOST = 1024;

/** Sequence numbers of one side, counted on beyond 32 bits. */
interface Side {
  /** Of the byte that is counted as 0. */
  base: number;
  last: number;
  /** Highest byte that was sent, plus one. */
  end: number;
}

interface Tracked {
  connection: TcpConnection;
  /** Its end in `Packet.ends`. */
  client: string;
  up: Side | undefined;
  down: Side | undefined;
  http: HttpStream | undefined;
}

/** Follows TCP connections and the HTTP in them. */
export class TcpTracker {
  readonly #flows = new BoundedMap<string, Tracked>(MOST);
  #next = 1;
  readonly #nextExchange = () => this.#next++;

  /** The connection of a segment, brought up to date, and the exchange that the segment carries something of. */
  take(packet: Packet, time: number): { connection: TcpConnection; exchange?: HttpExchange } | undefined {
    const { ip, tcp } = packet;
    if (ip === undefined || tcp === undefined) return undefined;
    const [from, to] = packet.ends();
    const key = from < to ? from + to : to + from;
    let flow = this.#flows.get(key);
    if (flow === undefined || (tcp.syn && !tcp.acks && isNew(flow, packet))) {
      const connection = this.#connection(packet, time);
      const fromClient = connection.client.ip === ip.from && connection.client.port === tcp.from;
      flow = { connection, client: fromClient ? from : to, up: undefined, down: undefined, http: undefined };
      this.#flows.set(key, flow);
    }
    const { connection } = flow;
    const upwards = flow.client === from;
    const seq = count(flow, upwards, tcp, packet.payloadLength);
    const exchange = this.#http(flow, packet, upwards, seq, time);
    const ended = advance(flow, tcp, upwards, time) ? flow.http?.end(!tcp.rst, time) : undefined;
    const told = exchange ?? ended ?? flow.http?.latest;
    return { connection, ...(told === undefined ? {} : { exchange: told }) };
  }

  #http(flow: Tracked, packet: Packet, upwards: boolean, seq: number, time: number): HttpExchange | undefined {
    const { payload, payloadLength } = packet;
    if (payloadLength === 0) return undefined;
    if (flow.http === undefined) {
      if (!beginsHttp(payload)) return undefined;
      flow.http = new HttpStream(flow.connection, this.#nextExchange);
      flow.connection.http = true;
    }
    return upwards
      ? flow.http.fromClient(payload, payloadLength, seq, time)
      : flow.http.fromServer(payload, payloadLength, seq, time);
  }

  #connection(packet: Packet, time: number): TcpConnection {
    const { ip, tcp } = packet as Packet & { ip: Ip; tcp: Tcp };
    const sender = { mac: packet.from, ip: ip.from, port: tcp.from };
    const receiver = { mac: packet.to, ip: ip.to, port: tcp.to };
    const fromClient = tcp.syn ? !tcp.acks : looksLikeClient(packet, tcp);
    return {
      id: this.#next++,
      client: fromClient ? sender : receiver,
      server: fromClient ? receiver : sender,
      state: tcp.syn ? 'opening' : 'open',
      up: 0,
      down: 0,
      http: false,
      started: time,
    };
  }
}

/** Where the beginning was missed: who asks is the client; else the lower port is the server's. */
function looksLikeClient({ payload }: Packet, tcp: Tcp): boolean {
  if (!beginsHttp(payload)) return tcp.from > tcp.to;
  return payload.toString('latin1', 0, 5) !== 'HTTP/';
}

/** Is this SYN of another connection than the one that had these ports? */
function isNew(flow: Tracked, { tcp, ip }: Packet): boolean {
  const { connection, up } = flow;
  if (connection.state !== 'opening' || connection.client.ip !== ip?.from) return true;
  return up === undefined || tcp === undefined || up.base !== (tcp.seq + 1) >>> 0;
}

/** Counts the bytes of a side; returns where this segment's first one stands. */
function count(flow: Tracked, upwards: boolean, tcp: Tcp, length: number): number {
  const first = (tcp.seq + (tcp.syn ? 1 : 0)) >>> 0;
  let side = upwards ? flow.up : flow.down;
  if (side === undefined || tcp.syn) {
    side = { base: first, last: 0, end: 0 };
    if (upwards) flow.up = side;
    else flow.down = side;
  }
  const seq = side.last + ((first - ((side.base + side.last) >>> 0)) | 0);
  side.last = Math.max(side.last, seq);
  side.end = Math.max(side.end, seq + length);
  if (upwards) flow.connection.up = side.end;
  else flow.connection.down = side.end;
  return seq;
}

/** Moves the connection's state on; true when it is over now. */
function advance({ connection }: Tracked, tcp: Tcp, upwards: boolean, time: number): boolean {
  if (connection.state !== 'opening' && connection.state !== 'open') return false;
  if (tcp.rst) connection.state = connection.state === 'opening' && !upwards ? 'refused' : 'reset';
  else if (tcp.fin) connection.state = 'closed';
  else {
    if (!tcp.syn || tcp.acks)
      connection.state = connection.state === 'opening' && upwards && tcp.syn ? 'opening' : 'open';
    return false;
  }
  connection.ended = time;
  // The client may say first that it has nothing more to ask; the response still comes.
  return tcp.rst || !upwards;
}
