import type { Duplex } from 'node:stream';

/** Ctrl+], as in telnet. */
const LEAVE = 0x1d;

/** Connects this terminal with a serial console until Ctrl+] or the machine's end. */
export async function attachTerminal(remote: Duplex): Promise<void> {
  const { stdin, stdout } = process;
  const raw = stdin.isTTY === true;
  if (raw) stdin.setRawMode(true);
  try {
    await new Promise<void>((done) => {
      remote.on('data', (chunk: Buffer) => stdout.write(chunk));
      remote.once('close', done);
      remote.once('error', () => done());
      stdin.on('data', (chunk: Buffer) => {
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
