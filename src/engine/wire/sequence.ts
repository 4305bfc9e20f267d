import { clockOf, PROTOCOL_NAMES, type WireLine } from './wire-line.js';

/** What one machine sent (→) and got (←), one below the other, with the time since what came before. */
export function sequenceLines(machine: string, lines: readonly WireLine[]): string[] {
  const own = lines.filter(({ machines }) => machines.includes(machine));
  const others = own.map((line) => partner(machine, line).name);
  const width = Math.min(32, Math.max(0, ...others.map((name) => name.length)));
  let last: number | undefined;
  return own.map((line) => {
    const gap = last === undefined ? '' : `+${Math.max(0, (line.time - last) / 1000).toFixed(3)}`;
    last = line.time;
    const { arrow, name } = partner(machine, line);
    const mark = line.warning ? '!' : ' ';
    return `${clockOf(line.time)} ${gap.padStart(9)} │${arrow} ${name.padEnd(width)} ${mark} ${PROTOCOL_NAMES[line.protocol]} ${line.text}`;
  });
}

function partner(machine: string, { from, to }: WireLine): { arrow: string; name: string } {
  return from === machine ? { arrow: '→', name: to } : { arrow: '←', name: from };
}
