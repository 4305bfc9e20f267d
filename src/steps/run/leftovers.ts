import { readdir, readFile, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Environment variable of host scripts: the file of their output, by which they are found after a crash. */
export const MARK = 'COREOS_LAB_OUTPUT';
const OURS = /\/coreos-lab-[^/]+\/[^/]+\.(?:sh|bats)$/;
const KILL_AFTER = 3000;

/**
 * Ends host scripts that a killed session left running, found by their mark: SIGTERM to the script's process group, SIGKILL
 * after 3 s. Machines that such a script started live in groups of their own and stay. Only on Linux, where processes tell
 * their environment; elsewhere nothing is done. Returns how many scripts were ended.
 */
export async function endLeftovers(marks: readonly string[]): Promise<number> {
  if (marks.length === 0 || process.platform !== 'linux') return 0;
  const wanted = new Set(marks.map((mark) => `${MARK}=${mark}`));
  const found: { pid: number; file: string }[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    const pid = Number(name);
    const file = Number.isSafeInteger(pid) && pid !== process.pid ? await leftoverScript(pid, wanted) : undefined;
    if (file !== undefined) found.push({ pid, file });
  }
  await Promise.all(
    found.map(async ({ pid, file }) => {
      await endGroup(pid);
      await unlink(file)
        .then(() => rmdir(dirname(file)))
        .catch(() => {});
    }),
  );
  return found.length;
}

/** The script's file when the process is one that we look for. */
async function leftoverScript(pid: number, wanted: ReadonlySet<string>): Promise<string | undefined> {
  try {
    const environment = (await readFile(`/proc/${pid}/environ`, 'latin1')).split('\0');
    if (!environment.some((entry) => wanted.has(Buffer.from(entry, 'latin1').toString()))) return undefined;
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    const [, , group] = (await readFile(`/proc/${pid}/stat`, 'latin1')).replace(/^.*\) /, '').split(' ');
    return Number(group) === pid ? words.find((word) => OURS.test(word)) : undefined;
  } catch {
    // It ended meanwhile, or is somebody else's.
    return undefined;
  }
}

async function endGroup(group: number): Promise<void> {
  const end = Date.now() + KILL_AFTER;
  send(group, 'SIGTERM');
  while (send(group, 0)) {
    if (Date.now() > end) {
      send(group, 'SIGKILL');
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function send(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}
