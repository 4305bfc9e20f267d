import { createWriteStream, rmSync, type WriteStream } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { SerialSpec } from './switch-protocol.js';

/** Often, so that little of what a machine says at once is missed: VirtualBox keeps nothing for those who come late. */
const REDIAL_AFTER = 50;

/**
 * The serial port of a VirtualBox machine, which VirtualBox offers on a socket to one reader. Everything goes into the log; whoever
 * connects to `listen` hears it too and can type. A client is sent away when the machine ends.
 */
export class SerialRelay {
  readonly #spec: SerialSpec;
  readonly #onConnected: (connected: boolean) => void;
  readonly #log: WriteStream;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #machine: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(spec: SerialSpec, onConnected: (connected: boolean) => void) {
    this.#spec = spec;
    this.#onConnected = onConnected;
    this.#log = createWriteStream(spec.logFile, { flags: 'a', mode: 0o600 });
    // A log that cannot be written costs the log, not the network.
    this.#log.on('error', () => {});
    rmSync(spec.listen, { force: true });
    this.#server = createServer((client) => this.#serve(client));
    this.#server.on('error', () => {});
    this.#server.listen(spec.listen);
    this.#dial();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#machine?.destroy();
    this.#server.close();
    this.#dismiss();
    this.#log.end();
  }

  #dial(): void {
    if (this.#closed) return;
    const machine = connect({ path: this.#spec.path });
    let connected = false;
    machine.on('connect', () => {
      connected = true;
      this.#machine = machine;
      this.#onConnected(true);
    });
    machine.on('data', (chunk: Buffer) => {
      this.#log.write(chunk);
      for (const client of this.#clients) client.write(chunk);
    });
    machine.on('error', () => {});
    machine.on('close', () => {
      if (connected) {
        this.#machine = undefined;
        this.#dismiss();
        this.#onConnected(false);
      }
      if (!this.#closed) this.#timer = setTimeout(() => this.#dial(), REDIAL_AFTER);
    });
  }

  #serve(client: Socket): void {
    this.#clients.add(client);
    client.on('error', () => {});
    client.on('close', () => this.#clients.delete(client));
    client.on('data', (chunk: Buffer) => this.#machine?.write(chunk));
  }

  #dismiss(): void {
    for (const client of this.#clients) client.destroy();
    this.#clients.clear();
  }
}
