import type { Duplex } from 'node:stream';
import type { Lab } from '../engine/lab.js';

/** Ctrl+], as in telnet. */
const LEAVE = 0x1d;

/** Connects this terminal with a machine's serial console and says how to leave it. */
export async function attachConsole(lab: Lab, machine: string): Promise<void> {
  const remote = await lab.console(machine).attach();
  process.stderr.write(`Console of ${machine}. Ctrl+] leaves it; press Enter if it shows no prompt.\n`);
  await attachTerminal(remote);
  process.stderr.write(`\nLeft the console of ${machine}.\n`);
}

/** Connects this terminal with a serial console until Ctrl+] or the machine's end. */
async function attachTerminal(remote: Duplex): Promise<void> {
  const { stdin, stdout } = process;
  const raw = stdin.isTTY === true;
  if (raw) stdin.setRawMode(true);
  try {
    await new Promise<void>((done) => {
      remote.on('data', (chunk: Buffer) => stdout.write(chunk));
      remote.once('close', done);
      remote.once('error', () => done());
      // Where the screen had the terminal before, its input comes as text.
      stdin.on('data', (data: Buffer | string) => {
        const chunk = Buffer.from(data as string);
        const leave = chunk.indexOf(LEAVE);
        if (leave === -1) remote.write(chunk);
        else {
          remote.write(chunk.subarray(0, leave));
          done();
        }
      });
      stdin.once('end', done);
      stdin.resume();
    });
  } finally {
    remote.destroy();
    stdin.removeAllListeners('data');
    stdin.pause();
    if (raw) stdin.setRawMode(false);
    // What the machine switched on must not stay: colours, hidden cursor, alternate screen.
    if (stdout.isTTY) stdout.write('\u001b[0m\u001b[?25h\u001b[?1049l\u001b[?2004l');
  }
}
