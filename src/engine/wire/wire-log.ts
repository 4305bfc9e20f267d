import type { Packet } from './decode/packet.js';
import type { Happening, HttpExchange, Party } from './happening.js';
import { type Begin, type Entry, LineBook, type LineBookOptions } from './line-book.js';
import type { Names } from './names.js';
import { answerText, askedText, isDecided, isOfUpdate, isPayload, payloadText } from './omaha-words.js';
import { otherText } from './other-words.js';
import type { Protocol, WireLine } from './wire-line.js';
import { arpText, dhcpText, dnsText, httpText, isIgnition, progressMark, tcpText, tftpText } from './words.js';

type Of<Kind extends Happening['kind']> = Extract<Happening, { kind: Kind }>;

/** Happenings as lines for people. What is repeated or goes on is one line that changes. */
export class WireLog {
  readonly #book: LineBook;
  /** Routine exchanges that were counted. */
  readonly #counted = new WeakSet<HttpExchange>();

  constructor(
    private readonly names: Names,
    options: LineBookOptions = {},
  ) {
    this.#book = new LineBook(options);
  }

  /** Oldest first. */
  get lines(): readonly WireLine[] {
    return this.#book.lines;
  }

  /** Counts every change. */
  get version(): number {
    return this.#book.version;
  }

  /** The line that tells of this; of a connection that just opens it may not be among `lines` yet. */
  take = (happening: Happening): WireLine => {
    switch (happening.kind) {
      case 'dhcp':
        return this.#dhcp(happening);
      case 'arp':
        return this.#arp(happening);
      case 'tftp':
        return this.#tftp(happening);
      case 'http':
        return this.#http(happening);
      case 'dns':
        return this.#dns(happening);
      case 'tcp':
        return this.#tcp(happening);
      case 'other':
        return this.#other(happening);
    }
  };

  #dhcp({ packet, ref, dhcp }: Of<'dhcp'>): WireLine {
    const { names } = this;
    const rogue = dhcp.reply && packet.from !== names.provisioner?.mac.toLowerCase();
    const { line } = this.#book.put(`dhcp ${dhcp.xid} ${dhcp.type} ${packet.from} ${dhcp.mac}`, ref, () => ({
      from: rogue ? (names.machine(packet.from) ?? `rogue? ${packet.from}`) : names.card(packet.from),
      // Answers are broadcast to one that has no address yet.
      to: names.card(dhcp.reply ? dhcp.mac : packet.to),
      machines: unique([names.machine(packet.from), names.machine(packet.to), names.machine(dhcp.mac)]),
      protocol: 'dhcp',
    }));
    return this.#book.say(line, times(dhcpText(dhcp), line.frames), {
      settled: true,
      warning: dhcp.type === 'nak' || rogue,
    });
  }

  #arp({ packet, ref, arp }: Of<'arp'>): WireLine {
    const reply = arp.operation === 2;
    const [asker, wanted] = reply ? [arp.targetIp, arp.senderIp] : [arp.senderIp, arp.targetIp];
    const entry = this.#book.put(`arp ${asker} ${wanted}`, ref, () => this.#between(packet, 'arp'));
    if (reply) entry.answer = this.names.card(arp.senderMac);
    return this.#book.say(entry.line, arpText({ ...arp, senderIp: asker, targetIp: wanted }, entry.answer), {
      settled: entry.answer !== undefined,
    });
  }

  #tftp({ ref, transfer }: Of<'tftp'>): WireLine {
    const { line } = this.#book.put(`tftp ${transfer.id}`, ref, () => this.#parties(transfer, 'tftp'));
    const failed = transfer.state === 'error';
    return this.#book.say(line, tftpText(transfer), { settled: failed || transfer.state === 'done', warning: failed });
  }

  #http(happening: Of<'http'>): WireLine {
    const { ref, exchange } = happening;
    if (isOfUpdate(exchange)) return this.#omaha(happening);
    if (isRoutine(exchange)) return this.#routine(happening);
    const entry = this.#book.put(
      `http ${exchange.id}`,
      ref,
      () => this.#parties(exchange, isIgnition(exchange) ? 'ignition' : 'http'),
      {
        of: exchange.client,
        forever: true,
      },
    );
    const { line } = entry;
    const mark = progressMark(exchange);
    if (mark === entry.mark) return line;
    entry.mark = mark;
    return this.#book.say(line, httpText(exchange), {
      settled: exchange.state === 'done' || exchange.state === 'cut',
      warning: (exchange.status ?? 0) >= 400 || exchange.state === 'cut',
    });
  }

  /** What members of etcd ask each other every few seconds, and the lab asks them: a line that counts, so that the rest stays in sight. */
  #routine({ ref, exchange }: Of<'http'>): WireLine {
    const { client, server } = exchange;
    const key = `routine ${client.ip} ${server.ip}:${server.port} ${exchange.target}`;
    const entry = this.#book.put(key, ref, () => this.#parties(exchange, 'http'), { of: client });
    const over = exchange.state === 'done';
    if (over && !this.#counted.has(exchange)) {
      this.#counted.add(exchange);
      entry.answered += 1;
    }
    // While the next answer is on its way the last one stays.
    if (!over && entry.answered > 0) return entry.line;
    return this.#book.say(entry.line, times(httpText(exchange), entry.answered), { settled: over });
  }

  /** What a machine asks its update server is a line, what the server decides is another, the download a third. */
  #omaha({ ref, exchange }: Of<'http'>): WireLine {
    const asking = `omaha ${exchange.id}`;
    const deciding = `${asking} decided`;
    const decided = isDecided(exchange);
    const entry = this.#book.put(
      decided ? deciding : asking,
      ref,
      () => {
        const { from, to, ...rest } = this.#parties(exchange, 'omaha');
        return decided ? { ...rest, from: to, to: from } : { ...rest, from, to };
      },
      { of: exchange.client, forever: true },
    );
    const mark = `${progressMark(exchange)} ${JSON.stringify(exchange.omaha)}`;
    if (mark === entry.mark) return entry.line;
    entry.mark = mark;
    const over = exchange.state === 'done' || exchange.state === 'cut';
    const asked = this.#book.get(asking);
    if (asked !== undefined) {
      const { text, warning } = isPayload(exchange) ? payloadText(exchange) : askedText(exchange);
      this.#book.say(asked.line, text, { settled: over || exchange.omaha?.request !== undefined, warning });
    }
    const answer = exchange.omaha?.answer;
    if (!decided || answer === undefined) return entry.line;
    const { text, warning } = answerText(answer);
    return this.#book.say(entry.line, text, { settled: true, warning });
  }

  #dns({ packet, ref, dns }: Of<'dns'>): WireLine {
    const asker = dns.response ? packet.ip?.to : packet.ip?.from;
    const key = `dns ${dns.id} ${asker} ${dns.type} ${dns.name}`;
    const { line } = this.#book.put(key, ref, () => this.#between(packet, 'dns'));
    if (!dns.response && line.settled) return line;
    return this.#book.say(line, dnsText(dns), { settled: dns.response, warning: dns.code !== 0 });
  }

  #tcp({ ref, connection }: Of<'tcp'>): WireLine {
    const { server, client, state } = connection;
    const protocol = protocolOf(server.port);
    const key = `${protocol} ${client.ip} ${server.ip}:${server.port}`;
    const begin = () => this.#parties(connection, protocol);
    const silent = connection.up + connection.down === 0 && (state === 'opening' || state === 'open');
    if (protocol === 'tcp' && silent && !this.#book.has(key)) {
      // It may turn out to be of HTTP, which is told as such; a third try to connect says that nobody answers.
      const held = this.#book.hold(client, ref, begin);
      if (state === 'open' || held.frames < 3) return held;
    }
    // Peers keep several connections, and try again and again until the other one is there: told once per pair.
    const entry = this.#book.put(key, ref, begin, { forever: protocol === 'etcd', of: client });
    const open = state === 'opening' || state === 'open';
    return this.#book.say(entry.line, tcpText(connection, this.names), {
      settled: !open,
      warning: state === 'refused' && protocol !== 'etcd',
    });
  }

  #other({ packet, ref }: Of<'other'>): WireLine {
    const { protocol, text, key } = otherText(packet);
    const pair = [packet.from, packet.to].sort().join(' ');
    const entry = this.#book.put(`${protocol} ${pair} ${key}`, ref, () => this.#between(packet, protocol));
    const warning = packet.malformed !== undefined;
    if (packet.icmp?.id !== undefined && protocol === 'icmp') return this.#ping(entry, packet);
    return this.#book.say(entry.line, times(text, entry.line.frames), { settled: true, warning });
  }

  #ping(entry: Entry, packet: Packet): WireLine {
    const answer = packet.icmp?.type === 0;
    entry.asked += answer ? 0 : 1;
    entry.answered += answer ? 1 : 0;
    const text = `ping: ${entry.asked} sent, ${entry.answered} answered`;
    return this.#book.say(entry.line, text, { settled: true });
  }

  #between(packet: Packet, protocol: Protocol): Begin {
    const { names } = this;
    return {
      from: names.sender(packet),
      to: names.receiver(packet),
      machines: unique([names.machine(packet.from), names.machine(packet.to)]),
      protocol,
    };
  }

  /** From the client to the server, whichever of them sent the frame. */
  #parties({ client, server }: { client: Party; server: Party }, protocol: Protocol): Begin {
    const { names } = this;
    return {
      from: names.party(client.mac, client.ip),
      to: names.party(server.mac, server.ip),
      machines: unique([names.machine(client.mac), names.machine(server.mac)]),
      protocol,
    };
  }
}

/** Of etcd's own ports, and no trouble. */
function isRoutine({ server, method, status, state }: HttpExchange): boolean {
  const asks = method === 'GET' || method === 'POST';
  return protocolOf(server.port) === 'etcd' && asks && state !== 'cut' && (status ?? 0) < 400;
}

function protocolOf(port: number): 'etcd' | 'ssh' | 'tcp' {
  if (port === 2379 || port === 2380) return 'etcd';
  return port === 22 ? 'ssh' : 'tcp';
}

const times = (text: string, count: number) => (count > 1 ? `${text} ×${count}` : text);
const unique = (names: readonly (string | undefined)[]) => [...new Set(names.filter((name) => name !== undefined))];
