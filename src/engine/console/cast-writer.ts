import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

/**
 * Writes a console as asciicast v2, which asciinema and its players show. `<file>.offset` says how far the console log is in
 * it, so that the next process goes on where this one ended.
 */
export class CastWriter {
  private began: number | undefined;
  /** Keeps the first half of a character that a piece cuts in two. */
  private readonly decoder = new StringDecoder('utf8');

  constructor(
    private readonly file: string,
    private readonly title: string,
  ) {}

  /** How many bytes of the console log the recording holds. */
  async offset(): Promise<number> {
    return Number.parseInt(await readFile(`${this.file}.offset`, 'utf8').catch(() => '0'), 10) || 0;
  }

  async append(bytes: Buffer, end: number, now = Date.now()): Promise<void> {
    this.began ??= await this.begin(now);
    const seconds = Math.max(0, (now - this.began) / 1000);
    const text = this.decoder.write(bytes);
    if (text !== '') await appendFile(this.file, `${JSON.stringify([Number(seconds.toFixed(3)), 'o', text])}\n`);
    await writeFile(`${this.file}.offset`, `${end}\n`);
  }

  /** Time of the recording's start, milliseconds; a new recording gets its header. */
  private async begin(now: number): Promise<number> {
    const recording = await readFile(this.file).catch(() => Buffer.alloc(0));
    try {
      const { timestamp } = JSON.parse(recording.toString('utf8', 0, recording.indexOf('\n'))) as { timestamp: number };
      if (Number.isFinite(timestamp)) {
        // A crash may have left half a line, which no player could read.
        const whole = recording.lastIndexOf('\n') + 1;
        if (whole < recording.length) await truncate(this.file, whole);
        return timestamp * 1000;
      }
    } catch {
      // No recording yet, or a damaged one: it begins anew.
    }
    const timestamp = Math.floor(now / 1000);
    await writeFile(
      this.file,
      `${JSON.stringify({ version: 2, width: 80, height: 25, timestamp, title: this.title })}\n`,
    );
    return timestamp * 1000;
  }
}
