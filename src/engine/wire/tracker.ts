import { decodePacket } from './decode/decode-packet.js';
import { decodeDhcp } from './decode/dhcp.js';
import { decodeDns } from './decode/dns.js';
import type { Packet } from './decode/packet.js';
import type { HappeningSink } from './happening.js';
import type { Names } from './names.js';
import type { FrameRef } from './pcap-parser.js';
import { TcpTracker } from './tcp-tracker.js';
import { TftpTracker } from './tftp-tracker.js';

/** Frames into what they mean. Keeps a bounded number of conversations; takes any bytes. */
export class Tracker {
  readonly #tcp = new TcpTracker();
  readonly #tftp = new TftpTracker();

  constructor(
    private readonly names: Names,
    private readonly sink: HappeningSink,
  ) {}

  take(frame: Buffer, ref: FrameRef): void {
    const packet = decodePacket(frame, ref.length);
    const base = { packet, ref };
    if (packet.arp !== undefined) {
      const { arp } = packet;
      this.names.learn(arp.senderIp, arp.senderMac);
      this.sink({ ...base, kind: 'arp', arp });
    } else if (packet.tcp !== undefined) {
      const found = this.#tcp.take(packet, ref.time);
      if (found === undefined) return;
      if (found.exchange !== undefined) this.sink({ ...base, kind: 'http', exchange: found.exchange });
      else this.sink({ ...base, kind: 'tcp', connection: found.connection });
    } else if (packet.udp !== undefined) this.#udp(packet, ref);
    else this.sink({ ...base, kind: 'other' });
  }

  #udp(packet: Packet, ref: FrameRef): void {
    const { from, to } = packet.udp as NonNullable<Packet['udp']>;
    const base = { packet, ref };
    if ((from === 67 || from === 68 || from === 4011) && (to === 67 || to === 68 || to === 4011)) {
      const dhcp = decodeDhcp(packet.payload);
      if (dhcp !== undefined) {
        if (dhcp.type === 'ack' && dhcp.yourIp !== undefined) this.names.learn(dhcp.yourIp, dhcp.mac);
        this.sink({ ...base, kind: 'dhcp', dhcp });
        return;
      }
    } else if (from === 53 || to === 53) {
      const dns = decodeDns(packet.payload);
      if (dns !== undefined) {
        this.sink({ ...base, kind: 'dns', dns });
        return;
      }
    }
    const transfer = this.#tftp.take(packet, ref.time);
    if (transfer !== undefined) this.sink({ ...base, kind: 'tftp', transfer });
    else this.sink({ ...base, kind: 'other' });
  }
}
