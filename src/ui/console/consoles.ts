import type { Lab } from '../../engine/lab.js';
import type { LogSource } from '../logs/log-source.js';
import { ConsoleReader } from './console-reader.js';

/** The consoles of all machines. Only the one that is looked at is read and interpreted, so many busy ones cost no more. */
export class Consoles {
  readonly #readers = new Map<string, ConsoleReader>();

  constructor(
    private readonly lab: Pick<Lab, 'console'>,
    private readonly color: boolean,
  ) {}

  source(machine: string): LogSource {
    return this.#reader(machine).source;
  }

  logFile(machine: string): string {
    return this.#reader(machine).logFile;
  }

  /** Brings the console of a machine up to date; says whether it changed. */
  read(machine: string): Promise<boolean> {
    return this.#reader(machine).read();
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) await reader.close();
    this.#readers.clear();
  }

  #reader(machine: string): ConsoleReader {
    const known = this.#readers.get(machine);
    if (known !== undefined) return known;
    const reader = new ConsoleReader(this.lab.console(machine).logFile, this.color);
    this.#readers.set(machine, reader);
    return reader;
  }
}
