import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame, FrameParser } from '../../../src/engine/network/framing.js';

/** Stands where a QEMU stands: listens on a unix socket, one connection at a time, and exchanges frames. */
export class Peer {
  readonly received: Buffer[] = [];
  /** Connections made to it so far. */
  connections = 0;
  #server: Server;
  #socket: Socket | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.connections += 1;
      this.#socket = socket;
      const parser = new FrameParser();
      socket.on('error', () => {});
      socket.on('close', () => {
        if (this.#socket === socket) this.#socket = undefined;
      });
      socket.on('data', (chunk: Buffer) =>
        parser.push(chunk, (buffer, start, end) => this.received.push(Buffer.from(buffer.subarray(start + 4, end)))),
      );
    });
  }

  static async listen(path: string): Promise<Peer> {
    rmSync(path, { force: true });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return new Peer(server);
  }

  get connected(): boolean {
    return this.#socket !== undefined;
  }

  send(...frames: Buffer[]): void {
    this.raw(Buffer.concat(frames.map(encodeFrame)));
  }

  raw(bytes: Buffer): void {
    if (this.#socket === undefined) throw new Error('the switch is not connected');
    this.#socket.write(bytes);
  }

  /** Stops (or goes on) reading, as a paused machine does. */
  reading(on: boolean): void {
    if (on) this.#socket?.resume();
    else this.#socket?.pause();
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** An Ethernet frame with a payload; addresses as aa:bb:cc:dd:ee:ff. */
export function frame(to: string, from: string, payload: string | Buffer): Buffer {
  const address = (text: string) => Buffer.from(text.replaceAll(':', ''), 'hex');
  return Buffer.concat([address(to), address(from), Buffer.from('88b5', 'hex'), Buffer.from(payload)]);
}

/** Waits until `condition` holds; fails with `what` after `timeout` milliseconds. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeout = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeout;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await sleep(20);
  }
}
