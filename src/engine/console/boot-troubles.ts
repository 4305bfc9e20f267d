import stripAnsi from 'strip-ansi';
import { lastLine } from './last-line.js';

/** What a machine says when it gives up. */
export interface Trouble {
  /** install: it cannot be installed; boot: its initial RAM disk gave up; nothing: there is nothing to boot; silent: it says nothing any more. */
  kind: 'install' | 'boot' | 'nothing' | 'silent';
  /** Its own words; of one that is silent, for how long. */
  reason: string;
}

const KINDS: readonly [Trouble['kind'], RegExp][] = [
  ['install', /labos: install: FAILED: (.+)/],
  ['boot', /labos: FAILED: (.+)/],
  ['nothing', /(No bootable (?:device|medium))/],
];
/** The installer begins again, or the machine does. */
const ANEW = /labos: install: (?:to |\d+%)|SeaBIOS|VirtualBox BIOS/;
const ANY = new RegExp([ANEW, ...KINDS.map(([, pattern]) => pattern)].map(({ source }) => source).join('|'));
/** Of a line, this much of its end is looked at. */
const LINE = 600;
const REASON = 300;

/** Reads off a console that a machine gave up. Feed it latin1 text in any pieces; only whole lines count. */
export class BootTroubles {
  private rest = '';
  /** Why the installer gave up, until it begins again. */
  installFailed: string | undefined;

  feed(text: string): Trouble[] {
    const pending = this.rest + text;
    // Most of what a console prints is of no interest: one look at a whole piece shows that.
    const lines = ANY.test(pending) ? pending.split(/[\r\n]+/) : [lastLine(pending)];
    this.rest = lines.pop()?.slice(-LINE) ?? '';
    return lines.flatMap((line) => this.line(line.slice(-LINE)) ?? []);
  }

  /** Power-on: what was said is of the boot before. */
  begin(): void {
    this.rest = '';
    this.installFailed = undefined;
  }

  private line(line: string): Trouble | undefined {
    if (!ANY.test(line)) return undefined;
    for (const [kind, pattern] of KINDS) {
      const said = pattern.exec(line)?.[1];
      if (said === undefined) continue;
      const reason = words(said);
      if (kind === 'install') this.installFailed = reason;
      return { kind, reason };
    }
    this.installFailed = undefined;
    return undefined;
  }
}

/** Without what could steer a terminal. */
function words(latin1: string): string {
  const text = stripAnsi(Buffer.from(latin1, 'latin1').toString('utf8'));
  return text
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()
    .slice(0, REASON)
    .replace(/\.+$/, '');
}
