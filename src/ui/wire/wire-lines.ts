import type { Lab } from '../../engine/lab.js';
import { matches, PROTOCOL_NAMES, type WireLine } from '../../engine/wire/wire-line.js';
import type { LogSource } from '../logs/log-source.js';
import { timeOfDay } from '../theme/format.js';
import { pad, plain } from '../theme/text.js';
import type { Theme } from '../theme/theme.js';
import { filterOf, type WireLook } from './wire-look.js';

/** A log of the wire, with the line of each number. */
export interface WireSource extends LogSource {
  line(number: number): WireLine | undefined;
}

/** Lines that pass one filter, numbered for good. */
interface Filtered {
  look: WireLook;
  version: number;
  first: number;
  lines: readonly WireLine[];
}

/** The wire as panes read it: the lab's lines, filtered and put into words short enough for half a screen. */
export class WireLines {
  #seen = -1;
  #filtered: Filtered | undefined;
  readonly #provisioner: string | undefined;

  constructor(
    private readonly lab: Pick<Lab, 'wire' | 'config'>,
    private readonly theme: Theme,
  ) {
    this.#provisioner = lab.config.machines.find(({ role }) => role === 'provisioner')?.name;
  }

  /** Is there something that was not drawn yet? */
  hasNews(): boolean {
    return this.lab.wire.version !== this.#seen;
  }

  source(look: WireLook): WireSource {
    const { first, lines } = this.#filter(look);
    const line = (number: number) => lines[number - first];
    const draw = (number: number, theme: Theme | undefined) => {
      const one = line(number);
      if (one === undefined) return '';
      const chosen = number === look.selected;
      const text = this.#words(one, line(number - 1), look, chosen ? undefined : theme);
      return chosen && theme !== undefined ? theme.paint('found', text) : text;
    };
    return {
      first,
      end: first + lines.length,
      line,
      text: (number) => draw(number, undefined),
      styled: (number) => draw(number, this.theme),
    };
  }

  #filter(look: WireLook): Filtered {
    const { lines, version } = this.lab.wire;
    this.#seen = version;
    const known = this.#filtered;
    const same = known !== undefined && known.look.machine === look.machine && known.look.group === look.group;
    if (same && known.version === version) return known;
    const filter = filterOf(look);
    const oldest = lines[0]?.id ?? 0;
    // Lines that went keep their numbers, so that what is looked at stays where it is.
    const gone = same ? known.lines.filter(({ id }) => id < oldest).length : 0;
    const first = same ? known.first + gone : 0;
    this.#filtered = { look, version, first, lines: lines.filter((line) => matches(line, filter)) };
    return this.#filtered;
  }

  #words(line: WireLine, before: WireLine | undefined, look: WireLook, theme: Theme | undefined): string {
    const paint = (tone: Parameters<Theme['paint']>[0], text: string) => theme?.paint(tone, text) ?? text;
    const time = paint('dim', timeOfDay(line.time));
    const what = `${PROTOCOL_NAMES[line.protocol]} ${plain(line.text)}`;
    const told = line.warning ? paint('warn', `! ${what}`) : what;
    if (look.sequence && look.machine !== undefined) {
      const gap = before === undefined ? '' : `+${Math.max(0, (line.time - before.time) / 1000).toFixed(3)}`;
      const out = line.from === look.machine;
      const other = this.#other(out ? line.to : line.from);
      return `${time} ${paint('dim', pad(gap.padStart(8), 8))} ${paint('accent', out ? '→' : '←')} ${other}${told}`;
    }
    // From a node's point of view: what the provisioner sends it, it gets.
    const inwards = line.from === this.#provisioner && line.to !== 'all';
    const [who, other] = inwards ? [line.to, line.from] : [line.from, line.to];
    return `${time} ${paint('accent', plain(who))} ${inwards ? '←' : '→'} ${this.#other(other)}${told}`;
  }

  /** Nearly everything is between a node and the provisioner, or for all: only others are named. */
  #other(name: string): string {
    return name === this.#provisioner || name === 'all' ? '' : `${plain(name)}: `;
  }
}
