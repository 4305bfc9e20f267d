import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { SerialPortSpec } from '../../../src/engine/network/switch-protocol.js';

/** Stands where a VirtualBox machine stands: frames in datagrams between two ports, and a serial port on a socket. */
export class TunnelPeer {
  readonly received: Buffer[] = [];
  typed = '';
  readonly #reader: { socket?: Socket } = {};

  private constructor(
    private readonly directory: string,
    private readonly datagrams: Datagrams,
    private readonly serial: Server,
    readonly switchPort: number,
  ) {
    datagrams.on('message', (frame) => this.received.push(frame));
    serial.on('connection', (socket) => {
      this.#reader.socket = socket;
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        this.typed += String(chunk);
      });
    });
  }

  static async listen(directory: string): Promise<TunnelPeer> {
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve));
    const datagrams = createSocket('udp4');
    await new Promise<void>((resolve) => datagrams.bind(0, '127.0.0.1', resolve));
    const { port } = other.address();
    await new Promise<void>((resolve) => other.close(() => resolve()));
    const serial = createServer();
    await new Promise<void>((resolve) => serial.listen(join(directory, 'vbox.uart'), resolve));
    return new TunnelPeer(directory, datagrams, serial, port);
  }

  port(name: string): SerialPortSpec {
    const file = (end: string) => join(this.directory, `vbox.${end}`);
    return {
      name,
      tunnel: { local: this.switchPort, remote: this.datagrams.address().port },
      serial: { path: file('uart'), logFile: file('log'), listen: file('ser') },
    };
  }

  send(frame: Buffer): void {
    this.datagrams.send(frame, this.switchPort, '127.0.0.1');
  }

  print(text: string): void {
    this.#reader.socket?.write(text);
  }

  #closed = false;

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.socket?.destroy();
    this.datagrams.close();
    await new Promise((resolve) => this.serial.close(resolve));
  }
}
