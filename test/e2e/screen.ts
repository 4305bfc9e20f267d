import { randomUUID } from 'node:crypto';
import { run, type Sandbox, until } from './sandbox.js';

/** The program in a real terminal (tmux, on a server of its own): what a person would type and see. */
export class Screen {
  private constructor(private readonly socket: string) {}

  static async open(sandbox: Sandbox, args: string[], columns: number, rows: number): Promise<Screen> {
    const screen = new Screen(`lab-${randomUUID().slice(0, 8)}`);
    const size = ['-x', String(columns), '-y', String(rows)];
    // The shell stays after the program, so that the restored terminal can be looked at; `exit=` shows how it ended.
    const program = [...sandbox.command(args)].map(quote).join(' ');
    const script = `cd ${quote(sandbox.directory)}; ${program}; printf 'exit=%s\\n' "$?"; stty -a; exec cat`;
    await run('tmux', ['-L', screen.socket, '-f', '/dev/null', 'new-session', '-d', ...size, 'sh', '-c', script], {
      env: sandbox.env,
    });
    return screen;
  }

  private tmux(...args: string[]) {
    return run('tmux', ['-L', this.socket, ...args]);
  }

  async text(): Promise<string> {
    return (await this.tmux('capture-pane', '-p', '-J')).stdout;
  }

  /** Named keys (`Enter`, `Escape`, `C-c`) or characters, one after the other. */
  async keys(...keys: string[]): Promise<void> {
    for (const key of keys) await this.tmux('send-keys', key);
  }

  async type(text: string): Promise<void> {
    await this.tmux('send-keys', '-l', text);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Resolves with the screen once it shows `what`; the error shows the screen as it was. */
  async shows(what: string | RegExp, timeout = 60_000): Promise<string> {
    let last = '';
    return until(
      `${what} on the screen`,
      async () => {
        last = await this.text();
        return (typeof what === 'string' ? last.includes(what) : what.test(last)) ? last : undefined;
      },
      timeout,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; it shows:\n${last}`);
    });
  }

  /** Process ids of the program's tree in the pane. */
  async pid(): Promise<number> {
    const { stdout } = await this.tmux('list-panes', '-F', '#{pane_pid}');
    return Number(stdout.trim());
  }

  async close(): Promise<void> {
    await this.tmux('kill-server').catch(() => undefined);
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
