import { isMachineName } from '../engine/config/added.js';
import { didYouMean, suggest } from '../engine/did-you-mean.js';
import { parseDuration } from './parse/duration.js';
import { isName } from './parse/names.js';

export type MachineVerb = 'up' | 'start' | 'halt' | 'reload' | 'reset' | 'destroy' | 'sync';

/** One line of a `lab` block. `machines` empty = all; `within` in milliseconds; `line` counts from 0 in the block. */
export type LabCommand = { line: number; text: string } & (
  | { verb: 'status' }
  | { verb: 'image'; action: 'fetch' | 'send' }
  | { verb: MachineVerb; machines: string[] }
  | { verb: 'wait'; machines: string[]; condition: 'ssh' | 'running' | 'off'; within?: number }
  | { verb: 'add' | 'remove'; machine: string }
  | { verb: 'mayu'; action: 'fetch' }
  | { verb: 'mayu'; action: 'hosts' }
  | { verb: 'mayu'; action: 'list' }
  | { verb: 'mayu'; action: 'status'; host?: string }
  | { verb: 'updates'; action: 'fetch' | 'send' }
  | { verb: 'snapshot'; action: 'save' | 'restore' | 'discard'; name: string }
);

/** `line` and `column` count from 0 in the block. */
export interface LabFault {
  line: number;
  column: number;
  rule: string;
  message: string;
  suggestion: string;
}

const MACHINE_VERBS: readonly string[] = ['up', 'start', 'halt', 'reload', 'reset', 'destroy', 'sync'];
const VERBS = ['status', ...MACHINE_VERBS, 'wait', 'snapshot', 'image', 'mayu', 'updates', 'add', 'remove'];
const CONDITIONS = ['ssh', 'running', 'off'] as const;
const SNAPSHOTS = ['save', 'restore', 'discard'] as const;
const BRING = ['fetch', 'send'] as const;
const MAYU = ['fetch', 'hosts', 'list', 'status'] as const;

interface Word {
  text: string;
  column: number;
}

/** Reads a `lab` block: one verb a line, `#` begins a comment. `machines`, when given, are the names that exist. */
export function parseLabBlock(
  source: string,
  machines?: readonly string[],
): { commands: LabCommand[]; faults: LabFault[] } {
  const commands: LabCommand[] = [];
  const faults: LabFault[] = [];
  for (const [line, text] of source.split('\n').entries()) {
    const words = [...text.replace(/(^|\s)#.*$/, '$1').matchAll(/\S+/g)].map(
      (match): Word => ({ text: match[0], column: match.index }),
    );
    if (words.length === 0) continue;
    const reader = new LineReader(line, words, machines, faults);
    const command = reader.read();
    if (command !== undefined && !reader.failed) commands.push(command);
  }
  return { commands, faults };
}

/** Names of machines that a `lab` block adds to the lab. */
export function addedMachines(source: string): string[] {
  return parseLabBlock(source).commands.flatMap((command) => (command.verb === 'add' ? [command.machine] : []));
}

class LineReader {
  failed = false;
  readonly #text: string;

  constructor(
    private readonly line: number,
    private readonly words: Word[],
    private readonly known: readonly string[] | undefined,
    private readonly faults: LabFault[],
  ) {
    this.#text = words.map(({ text }) => text).join(' ');
  }

  read(): LabCommand | undefined {
    const [first, ...rest] = this.words as [Word, ...Word[]];
    const base = { line: this.line, text: this.#text };
    const verb = first.text;
    if (MACHINE_VERBS.includes(verb)) return { ...base, verb: verb as MachineVerb, machines: this.#machines(rest) };
    if (verb === 'status') {
      if (rest[0]) this.#fault(rest[0], 'lab-verb', '"status" takes nothing more', 'write only "status"');
      return { ...base, verb };
    }
    if (verb === 'image' || verb === 'updates') return this.#bring(verb, first, rest, base);
    if (verb === 'add' || verb === 'remove') return this.#roster(verb, first, rest, base);
    if (verb === 'mayu') return this.#mayu(first, rest, base);
    if (verb === 'snapshot') return this.#snapshot(first, rest, base);
    if (verb === 'wait') return this.#wait(first, rest, base);
    const advice = verb === 'lab' ? 'leave out the word "lab": the block itself says it' : suggest(verb, VERBS);
    return this.#fault(first, 'lab-verb', `There is no lab verb "${brief(verb)}"`, advice);
  }

  #bring(
    verb: 'image' | 'updates',
    first: Word,
    rest: Word[],
    base: { line: number; text: string },
  ): LabCommand | undefined {
    const [wanted, surplus] = rest;
    const action = BRING.find((one) => one === wanted?.text);
    if (action !== undefined && surplus === undefined) return { ...base, verb, action };
    const message =
      verb === 'image'
        ? 'The image of the lab is fetched or sent to the provisioner'
        : 'The update server is fetched, the updates are sent to the provisioner';
    const advice = `write "${verb} fetch" or "${verb} send"`;
    return this.#fault((action && surplus) ?? wanted ?? first, 'lab-verb', message, advice);
  }

  /** The name need not be in lab.yaml: that is what these two are for. */
  #roster(
    verb: 'add' | 'remove',
    first: Word,
    [name, ...more]: Word[],
    base: { line: number; text: string },
  ): LabCommand | undefined {
    const example = `write "${verb} core-04"`;
    if (name === undefined) return this.#fault(first, 'lab-verb', `"${verb}" needs the name of a machine`, example);
    if (more[0]) return this.#fault(more[0], 'lab-verb', `"${verb}" takes one machine`, example);
    if (!isMachineName(name.text)) {
      return this.#fault(name, 'lab-verb', `"${brief(name.text)}" cannot be the name of a machine`, example);
    }
    return { ...base, verb, machine: name.text };
  }

  #mayu(first: Word, rest: Word[], base: { line: number; text: string }): LabCommand | undefined {
    const [wanted, host, ...more] = rest;
    const action = MAYU.find((one) => one === wanted?.text);
    if (action === undefined) {
      const advice = suggest(wanted?.text ?? '', MAYU, 'write "mayu list" or "mayu status core-01"');
      return this.#fault(
        wanted ?? first,
        'lab-verb',
        'Mayu is fetched, given hosts, or asked for its list or for the status of a machine',
        advice,
      );
    }
    const surplus = action === 'status' ? more[0] : host;
    if (surplus !== undefined) {
      const example = action === 'status' ? 'mayu status core-01' : `mayu ${action}`;
      return this.#fault(surplus, 'lab-verb', `"mayu ${action}" takes nothing more`, `write only "${example}"`);
    }
    if (action !== 'status') return { ...base, verb: 'mayu', action };
    if (host === undefined) return { ...base, verb: 'mayu', action };
    // A word that is no name may be a serial, unless it looks much like a name.
    if (this.known !== undefined && didYouMean(host.text, this.known) !== undefined) this.#machines([host]);
    return { ...base, verb: 'mayu', action, host: host.text };
  }

  #snapshot(first: Word, rest: Word[], base: { line: number; text: string }): LabCommand | undefined {
    const action = SNAPSHOTS.find((one) => one === rest[0]?.text);
    if (action === undefined) {
      const advice = suggest(
        rest[0]?.text ?? '',
        SNAPSHOTS,
        'write "snapshot save NAME", "… restore NAME" or "… discard NAME"',
      );
      return this.#fault(rest[0] ?? first, 'lab-verb', 'A snapshot is saved, restored or discarded', advice);
    }
    const name = rest[1];
    if (name === undefined || !isName(name.text) || rest.length > 2) {
      const message = 'A snapshot needs one name, made of a–z, 0–9 and hyphens';
      return this.#fault(rest[2] ?? name ?? first, 'lab-verb', message, `write "snapshot ${action} my-snapshot"`);
    }
    return { ...base, verb: 'snapshot', action, name: name.text };
  }

  #wait(first: Word, rest: Word[], base: { line: number; text: string }): LabCommand | undefined {
    const example = 'write "wait core-01 for ssh within 5m"';
    const at = rest.findIndex(({ text }) => text === 'for');
    if (at < 1)
      return this.#fault(rest[0] ?? first, 'lab-verb', 'This wait does not say for what, or for whom', example);
    const [wanted, within, time, ...more] = rest.slice(at + 1);
    const condition = CONDITIONS.find((one) => one === wanted?.text);
    const machines = this.#machines(rest.slice(0, at));
    if (condition === undefined) {
      const message = `A machine cannot be waited for "${brief(wanted?.text ?? '')}"`;
      return this.#fault(wanted ?? rest[at] ?? first, 'lab-verb', message, suggest(wanted?.text ?? '', CONDITIONS));
    }
    if (within === undefined) return { ...base, verb: 'wait', machines, condition };
    const duration = within.text === 'within' && time !== undefined ? parseDuration(time.text) : undefined;
    if (duration === undefined || more.length > 0) {
      return this.#fault(more[0] ?? time ?? within, 'bad-timeout', 'How long to wait cannot be read', example);
    }
    return { ...base, verb: 'wait', machines, condition, within: duration };
  }

  #machines(words: Word[]): string[] {
    const names: string[] = [];
    for (const word of words) {
      if (this.known !== undefined && !this.known.includes(word.text)) {
        const message = `There is no machine "${brief(word.text)}" in lab.yaml`;
        this.#fault(word, 'unknown-machine', message, suggest(word.text, this.known));
      } else if (!names.includes(word.text)) names.push(word.text);
    }
    return names;
  }

  #fault({ column }: Word, rule: string, message: string, suggestion: string): undefined {
    this.failed = true;
    this.faults.push({ line: this.line, column, rule, message, suggestion });
  }
}

function brief(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
