const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** setTimeout takes 24.8 days at most, and time-outs are multiplied on slow hosts. */
export const MAX_DURATION = 24 * 3_600_000;

/** Milliseconds of `90s`, `5m`, `1h30m` or `500ms`; undefined when it is none of these, zero, or more than a day. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,9}(?:\.\d{1,6})?(?:ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number = '', unit = ''] of text.matchAll(/([\d.]+)(ms|s|m|h)/g)) {
    total += Number(number) * (UNITS[unit] ?? 0);
  }
  const rounded = Math.round(total);
  return rounded > 0 && rounded <= MAX_DURATION ? rounded : undefined;
}

/** `1h30m`, `90s`, `500ms`: the shortest that parseDuration reads back as the same. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.round(milliseconds);
  const parts: string[] = [];
  for (const unit of ['h', 'm', 's', 'ms']) {
    const size = UNITS[unit] as number;
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.join('') || '0s';
}
