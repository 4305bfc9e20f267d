import { readdir } from 'node:fs/promises';
import { setPriority } from 'node:os';

/** As `nice -n 10`. */
const LOW = 10;

/**
 * Lets a process go behind others when the computer is busy. iPXE spins while it waits, so three nodes that boot from the network
 * take every core there is, and the provisioner, which they wait for, gets none. On Linux a priority belongs to a thread. What
 * cannot be changed stays as it is: this is about speed only.
 */
export async function giveWay(pid: number): Promise<void> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  for (const id of [pid, ...threads.map(Number)]) {
    try {
      setPriority(id, LOW);
    } catch {
      // The thread ended, or the system has no such thing.
    }
  }
}
