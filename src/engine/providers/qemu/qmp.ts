import { connect, type Socket } from 'node:net';

/** QMP answered with an error; `message` is QEMU's own text. */
export class QmpError extends Error {
  readonly qmpClass: string;
  constructor(qmpClass: string, message: string) {
    super(message);
    this.name = 'QmpError';
    this.qmpClass = qmpClass;
  }
}

/** No answer: QEMU ended, does not listen, or is busy for longer than the time-out. */
export class QmpGone extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'QmpGone';
  }
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

interface Message {
  id?: number;
  QMP?: object;
  event?: string;
  return?: unknown;
  error?: { class: string; desc: string };
}

/** One connection to QEMU's monitor. QEMU serves one client per socket at a time, so connections are kept short. */
export class QmpClient {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #text = '';
  #greeted: () => void = () => {};
  #failure: QmpGone | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Connects and negotiates. Rejects with QmpGone when that takes longer than `timeout` milliseconds. */
  static async connect(path: string, timeout: number): Promise<QmpClient> {
    const socket = connect({ path });
    const client = new QmpClient(socket);
    try {
      await client.#open(timeout);
      await client.execute('qmp_capabilities', undefined, timeout);
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Resolves with the command's return value; rejects with QmpError or QmpGone. */
  execute(command: string, args: object | undefined, timeout: number): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new QmpGone(`no answer to ${command} within ${timeout} ms`));
      }, timeout);
      this.#pending.set(id, { resolve, reject, timer });
      this.#socket.write(`${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}), id })}\n`);
    });
  }

  /** A command of the human monitor; resolves with what it printed, which is also how it reports errors. */
  async human(commandLine: string, timeout: number): Promise<string> {
    const text = await this.execute('human-monitor-command', { 'command-line': commandLine }, timeout);
    return String(text).trim();
  }

  close(): void {
    this.#fail(new QmpGone('closed'));
    this.#socket.destroy();
  }

  #open(timeout: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new QmpGone(`no greeting within ${timeout} ms`)), timeout);
      const fail = (cause?: unknown) => {
        clearTimeout(timer);
        const error = new QmpGone('QEMU closed its monitor', cause);
        this.#fail(error);
        reject(error);
      };
      this.#greeted = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#socket.setEncoding('utf8');
      this.#socket.on('data', (chunk: string) => this.#read(chunk));
      this.#socket.on('error', fail);
      this.#socket.on('close', () => fail());
    });
  }

  #read(chunk: string): void {
    this.#text += chunk;
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() === '') continue;
      let message: Message;
      try {
        message = JSON.parse(line) as Message;
      } catch {
        continue;
      }
      this.#handle(message);
    }
  }

  #handle(message: Message): void {
    if (message.QMP !== undefined) this.#greeted();
    if (message.id === undefined) return;
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id);
    clearTimeout(pending.timer);
    if (message.error) pending.reject(new QmpError(message.error.class, message.error.desc));
    else pending.resolve(message.return);
  }

  #fail(error: QmpGone): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) {
      clearTimeout(pending.timer);
      pending.reject(error);
    }
    this.#pending.clear();
  }
}

/** Connects, calls `use`, closes. */
export async function withQmp<T>(path: string, timeout: number, use: (qmp: QmpClient) => Promise<T>): Promise<T> {
  const qmp = await QmpClient.connect(path, timeout);
  try {
    return await use(qmp);
  } finally {
    qmp.close();
  }
}
