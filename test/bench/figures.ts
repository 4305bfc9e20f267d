/** One measured figure; `aim` says what it is held against, `note` how it was measured. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  aim?: string;
  note?: string;
}

export interface Benchmark {
  name: string;
  /** What has to be there; a benchmark that cannot run says why. */
  run(): Promise<Figure[]>;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export async function times(count: number, work: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let i = 0; i < count; i++) values.push(await work());
  return values;
}
