import { readJson, writeFileAtomic } from './atomic-file.js';

type Recorded = Record<string, number[]>;

const KEPT = 9;

/** How long things took on this computer, in milliseconds: the "usually 1:10" beside a wait. */
export class Timings {
  private constructor(
    private readonly file: string,
    private readonly recorded: Recorded,
  ) {}

  static async open(file: string): Promise<Timings> {
    return new Timings(file, (await readJson(file, isRecorded)) ?? {});
  }

  /** Median of the last nine durations under `key`; undefined when there is none. */
  usual(key: string): number | undefined {
    const values = [...(this.recorded[key] ?? [])].sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)];
  }

  /** Remembers a duration; a file that cannot be written is no reason to stop. */
  async record(key: string, duration: number): Promise<void> {
    this.recorded[key] = [...(this.recorded[key] ?? []), Math.round(duration)].slice(-KEPT);
    await writeFileAtomic(this.file, `${JSON.stringify(this.recorded)}\n`).catch(() => undefined);
  }
}

function isRecorded(value: unknown): value is Recorded {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((list) => Array.isArray(list) && list.every((n) => typeof n === 'number'))
  );
}
