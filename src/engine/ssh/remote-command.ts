import { LabError } from '../errors.js';
import { shellQuote } from './quote.js';

/*
 * How a script travels. The machine runs a fixed wrapper, which says its process id (sshd makes it the leader of a session)
 * and then reads two texts, each ended by NUL, from its standard input: the environment and the script. So scripts may be
 * of any length, nothing of them shows in `ps`, a text cut short by a broken connection never runs, and what follows on the
 * standard input is the script's own.
 */
const WRAPPER = [
  'printf "\\1%s %d\\n" "$1" "$$"',
  'set --',
  'IFS= read -r -d "" REPLY || exit 255',
  'eval "$REPLY"',
  'IFS= read -r -d "" REPLY || exit 255',
  'set -euo pipefail',
  'eval "$REPLY"',
].join('; ');

/**
 * The command line for sshd. `nonce` marks the line with the process id among whatever a login shell prints. SHLVL: a bash that
 * takes itself for the first one under sshd would read ~/.bashrc, which the login shell did already.
 */
export function wrapperCommand(nonce: string): string {
  return `exec env SHLVL=1 bash -c ${shellQuote(WRAPPER)} bash ${nonce}`;
}

/** What goes to the wrapper's standard input. Throws LabError SSH_SCRIPT for what bash cannot take. */
export function scriptInput(script: string, env: Record<string, string> = {}): string {
  const exports = Object.entries(env).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw unusable(`${JSON.stringify(name)} is no name for a variable`);
    if (value.includes('\0')) throw unusable(`the variable ${name} contains a NUL character`);
    return `export ${name}=${shellQuote(value)}\n`;
  });
  if (script.includes('\0')) throw unusable('it contains a NUL character');
  return `${exports.join('')}\0${script}\0`;
}

function unusable(why: string): LabError {
  return new LabError({
    code: 'SSH_SCRIPT',
    message: `The script cannot be sent to a shell: ${why}.`,
    remedy: ['Correct the step, lab.yaml or command line that it comes from.'],
    exitCode: 2,
  });
}

const MAX_NOISE = 64 * 1024;

/** Finds the wrapper's first line in its output. */
export class PidLine {
  #seen: Buffer = Buffer.alloc(0);
  readonly #mark: Buffer;
  pid: number | undefined;

  constructor(nonce: string) {
    this.#mark = Buffer.from(`\x01${nonce} `);
  }

  /** Bytes after the line that holds the process id; empty as long as that has not come. */
  push(chunk: Buffer): Buffer {
    if (this.pid !== undefined) return chunk;
    this.#seen = Buffer.concat([this.#seen, chunk]);
    const start = this.#seen.indexOf(this.#mark);
    const end = start === -1 ? -1 : this.#seen.indexOf('\n', start);
    if (end === -1) {
      if (this.#seen.length > MAX_NOISE) this.#seen = this.#seen.subarray(-MAX_NOISE / 2);
      return Buffer.alloc(0);
    }
    this.pid = Number(this.#seen.toString('latin1', start + this.#mark.length, end));
    return this.#seen.subarray(end + 1);
  }

  /** What came although the wrapper never started: the reason, usually. */
  get noise(): Buffer {
    return this.pid === undefined ? this.#seen : Buffer.alloc(0);
  }
}

/*
 * Ends all processes of a session: SIGTERM, SIGKILL after 3 s. Root's processes (a script's `sudo …`) through sudo. Reads
 * /proc itself, since a small system has no pgrep.
 */
const KILL = `
members() {
  local file line fields
  for file in /proc/[0-9]*/stat; do
    line=
    { IFS= read -r -d "" line < "$file"; } 2> /dev/null
    line=\${line##*) }
    read -r -a fields <<< "$line"
    if [ "\${fields[3]-}" = "$1" ] && [ "\${fields[0]}" != Z ]; then file=\${file#/proc/}; echo "\${file%/stat}"; fi
  done
}
send() {
  local pid
  for pid in $(members "$2"); do
    kill "-$1" "$pid" 2> /dev/null || sudo -n "$BASH" -c 'kill "$@"' bash "-$1" "$pid" 2> /dev/null
  done
}
wait_gone() {
  local until=$((SECONDS + 3))
  while [ -n "$(members "$1")" ]; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.1
  done
}
send TERM "$1"
wait_gone "$1" && exit 0
send KILL "$1"
wait_gone "$1" && exit 0
exit 1
`;

/** Command line that ends the session of a wrapper; exit status 0 when nothing of it is left. */
export function killCommand(pid: number): string {
  return `exec env SHLVL=1 bash -c ${shellQuote(KILL)} bash ${pid}`;
}
