import type { ClientChannel } from 'ssh2';

/** A command is done when its shell has ended, though a background process may hold its output open: after so much quiet, … */
const QUIET = 2000;
/** … or at the latest so long after its end: what was already on its way is at most 2 MB. */
const DRAIN = 15_000;

export interface Exit {
  /** null when ended by a signal. */
  code: number | null;
  signal?: string | undefined;
}

export interface ChannelEnd {
  /** The command ended and its output came; undefined when the channel closed without an exit status. */
  done: Promise<Exit | undefined>;
  closed: Promise<void>;
  /** Settles `done` with what is known. */
  giveUp(): void;
}

/** Attach it before the command can have ended. The channel's data must be read by somebody. */
export function whenChannelEnds(channel: ClientChannel): ChannelEnd {
  let exit: Exit | undefined;
  let giveUp = () => {};
  const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()));
  const done = new Promise<Exit | undefined>((resolve) => {
    let quiet: NodeJS.Timeout | undefined;
    let drain: NodeJS.Timeout | undefined;
    giveUp = () => {
      clearTimeout(quiet);
      clearTimeout(drain);
      channel.close();
      resolve(exit);
    };
    const touch = () => quiet?.refresh();
    channel.on('exit', (code: number | null, signal?: string) => {
      exit = { code, signal };
      quiet = setTimeout(giveUp, QUIET);
      drain = setTimeout(giveUp, DRAIN);
    });
    channel.on('data', touch);
    channel.stderr.on('data', touch);
    // ssh2 reports what matters by 'close'; without a listener an error would end the process.
    channel.on('error', () => {});
  });
  void closed.then(() => giveUp());
  return { done, closed, giveUp: () => giveUp() };
}
