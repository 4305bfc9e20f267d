import { BoundedMap } from './bounded-map.js';
import type { Packet } from './decode/packet.js';
import { decodeTftp } from './decode/tftp.js';
import type { TftpTransfer } from './happening.js';

const PORT = 69;
const MOST = 256;

/** Follows TFTP transfers: only the request goes to the known port, the rest is told by the client's. */
export class TftpTracker {
  readonly #transfers = new BoundedMap<string, TftpTransfer & { block: number }>(MOST);
  #next = 1;

  /** The transfer that a UDP packet belongs to, brought up to date; undefined: it is of none. */
  take(packet: Packet, time: number): TftpTransfer | undefined {
    const { ip, udp } = packet;
    if (ip === undefined || udp === undefined) return undefined;
    if (udp.to === PORT) return this.#request(packet, time);
    const down = this.#transfers.get(`${ip.to}:${udp.to}`);
    const transfer = down ?? this.#transfers.get(`${ip.from}:${udp.from}`);
    if (transfer === undefined || (down === undefined ? ip.to : ip.from) !== transfer.server.ip) return undefined;
    const message = decodeTftp(packet.payload, packet.payloadLength);
    if (message === undefined) return undefined;
    if (message.kind === 'oack') {
      const size = number(message.options.get('tsize'));
      if (size !== undefined) transfer.size = size;
      transfer.blockSize = number(message.options.get('blksize')) ?? transfer.blockSize;
    } else if (message.kind === 'data') {
      // Block numbers have 16 bits: those of large files begin again.
      const ahead = (message.block - transfer.block) & 0xffff;
      if (ahead < 0x8000) {
        transfer.block += ahead;
        transfer.done = Math.max(transfer.done, (transfer.block - 1) * transfer.blockSize + message.bytes);
        const last = message.bytes < transfer.blockSize;
        transfer.state = last ? 'done' : 'sending';
        if (last) transfer.ended ??= time;
      }
    } else if (message.kind === 'error' && transfer.state !== 'done') {
      transfer.state = 'error';
      transfer.error = message.message || `error ${message.code}`;
      transfer.ended = time;
    }
    return transfer;
  }

  #request(packet: Packet, time: number): TftpTransfer | undefined {
    const { ip, udp } = packet;
    const message = decodeTftp(packet.payload, packet.payloadLength);
    if (ip === undefined || udp === undefined || (message?.kind !== 'read' && message?.kind !== 'write'))
      return undefined;
    const key = `${ip.from}:${udp.from}`;
    const before = this.#transfers.get(key);
    // Asked again since no answer came.
    if (before?.state === 'asked' && before.file === message.file) return before;
    const transfer = {
      id: this.#next++,
      client: { mac: packet.from, ip: ip.from, port: udp.from },
      server: { mac: packet.to, ip: ip.to, port: udp.to },
      write: message.kind === 'write',
      file: message.file,
      blockSize: 512,
      done: 0,
      block: 0,
      state: 'asked' as const,
      started: time,
    };
    this.#transfers.set(key, transfer);
    return transfer;
  }
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
