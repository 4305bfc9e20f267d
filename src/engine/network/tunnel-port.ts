import { createSocket, type Socket } from 'node:dgram';
import { HEADER_BYTES, MAX_FRAME_BYTES } from './framing.js';
import { SerialRelay } from './serial-relay.js';
import { type PortHandlers, SwitchPort } from './switch-port.js';
import type { SerialPortSpec } from './switch-protocol.js';

const REBIND_AFTER = 1000;
const BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * A cable to VirtualBox: its UDPTunnel puts each Ethernet frame into a datagram between two ports of 127.0.0.1. Datagrams do not tell
 * whether the machine is there; its serial port does, whose other end is here too.
 */
export class TunnelPort extends SwitchPort {
  #socket: Socket | undefined;
  #ready = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #tunnel: SerialPortSpec['tunnel'];
  readonly #serial: SerialRelay;

  constructor(spec: SerialPortSpec, handlers: PortHandlers) {
    super(spec, handlers);
    this.#tunnel = spec.tunnel;
    this.#bind();
    this.#serial = new SerialRelay(spec.serial, (connected) => this.setConnected(connected));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#serial.close();
    this.#socket?.close();
    this.release();
  }

  protected transmit(buffer: Buffer, start: number, end: number): number {
    const socket = this.#socket;
    if (!this.#ready || socket === undefined) return 0;
    for (let at = start; at < end; ) {
      const length = buffer.readUInt32BE(at);
      socket.send(buffer, at + HEADER_BYTES, length);
      at += HEADER_BYTES + length;
    }
    return socket.getSendQueueSize();
  }

  /** Datagrams cannot be held back: what is too much is lost, as on a real wire. */
  protected reading(): void {}

  #bind(): void {
    if (this.#closed || this.#tunnel === undefined) return;
    const { local, remote } = this.#tunnel;
    const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES });
    this.#socket = socket;
    this.#ready = false;
    socket.on('message', (frame) => {
      if (frame.length > MAX_FRAME_BYTES) return;
      const record = Buffer.allocUnsafe(HEADER_BYTES + frame.length);
      record.writeUInt32BE(frame.length, 0);
      record.set(frame, HEADER_BYTES);
      this.onRecord(record, 0, record.length);
      this.onChunkEnd();
    });
    socket.on('connect', () => {
      this.#ready = true;
    });
    socket.on('error', () => {
      // Nobody at the other end, which the system reports for datagrams sent before: the machine is off. Only a port that was never
      // ours has to be asked for again.
      if (this.#ready || this.#closed) return;
      socket.close();
      this.#timer = setTimeout(() => this.#bind(), REBIND_AFTER);
    });
    // Connected, so that the system throws away what anybody else sends to the port.
    socket.bind({ port: local, address: '127.0.0.1', exclusive: true }, () => socket.connect(remote, '127.0.0.1'));
  }
}
