import { stat } from 'node:fs/promises';
import { FileFollower } from '../../engine/console/follower.js';
import type { LogSource } from '../logs/log-source.js';
import { bytes as size } from '../theme/format.js';
import { ConsoleScreen } from './console-screen.js';

/** What lies further back than this is not interpreted: a screen shows the end, the file has everything. */
const BACKLOG = 256 * 1024;
const RESUME = 64 * 1024;
const NOTHING: LogSource = { first: 0, end: 0, styled: () => '', text: () => '' };

/** Brings what a machine's console file has into an emulated terminal, a bounded piece at a time. */
export class ConsoleReader {
  #screen: ConsoleScreen | undefined;
  #reading = false;
  readonly #follower: FileFollower;

  constructor(
    readonly logFile: string,
    private readonly color: boolean,
  ) {
    this.#follower = new FileFollower(logFile, 0);
  }

  get source(): LogSource {
    return this.#screen ?? NOTHING;
  }

  /** Interprets what is new; says whether there was anything. A call while another one works does nothing. */
  async read(): Promise<boolean> {
    if (this.#reading) return false;
    this.#reading = true;
    try {
      const skipped = await this.skip();
      const chunk = await this.#follower.read();
      if (chunk.length === 0) return false;
      this.#screen ??= await ConsoleScreen.create(this.color);
      if (skipped === 0) await this.#screen.write(chunk);
      else {
        // A full reset, so that a style or screen that was switched on in the part left out does not stay on.
        await this.#screen.write(
          `\u001B[!p\u001B[0m\u001B[?1049l\r\n[… ${size(skipped)} are in the log file only]\r\n`,
        );
        await this.#screen.write(chunk.subarray(chunk.indexOf(10) + 1));
      }
      return true;
    } finally {
      this.#reading = false;
    }
  }

  async close(): Promise<void> {
    await this.#follower.close();
    this.#screen?.dispose();
  }

  private async skip(): Promise<number> {
    const { size: total } = await stat(this.logFile).catch(() => ({ size: 0 }));
    const behind = total - this.#follower.offset;
    if (behind <= BACKLOG) return 0;
    this.#follower.offset += behind - RESUME;
    return behind - RESUME;
  }
}
