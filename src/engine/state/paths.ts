import { createHash } from 'node:crypto';
import { homedir, platform, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Where things are kept; all absolute. */
export interface LabPaths {
  /** Everything about this lab: machines, keys, runs. */
  labDirectory: string;
  /** Short path, mode 0700, for unix sockets (their paths must stay under 104 characters). */
  runtimeDirectory: string;
  /** Images and downloads, shared by all labs. */
  cacheDirectory: string;
  /** What is remembered across labs: trusted lessons. */
  stateDirectory: string;
}

type Environment = Record<string, string | undefined>;

/** XDG directories, or their counterparts on macOS and Windows. Pure: makes nothing. */
export function labPaths(labName: string, env: Environment): LabPaths {
  const home = env.HOME || env.USERPROFILE || homedir();
  const stateDirectory = join(base(env, 'state', home), 'coreos-lab');
  const labDirectory = join(stateDirectory, 'labs', labName);
  return {
    stateDirectory,
    labDirectory,
    cacheDirectory: join(base(env, 'cache', home), 'coreos-lab'),
    runtimeDirectory: runtimeDirectory(labDirectory, env),
  };
}

function base(env: Environment, kind: 'state' | 'cache', home: string): string {
  const set = kind === 'state' ? env.XDG_STATE_HOME : env.XDG_CACHE_HOME;
  if (set) return set;
  if (platform() === 'darwin') return join(home, 'Library', kind === 'state' ? 'Application Support' : 'Caches');
  if (platform() === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), kind);
  return kind === 'state' ? join(home, '.local', 'state') : join(home, '.cache');
}

/** A hash of the lab's directory keeps two labs apart and the path short. */
function runtimeDirectory(labDirectory: string, env: Environment): string {
  const id = createHash('sha256').update(labDirectory).digest('hex').slice(0, 10);
  const set = env.XDG_RUNTIME_DIR;
  // 60: a socket's name and a machine's name have to fit in what is left.
  if (set && set.length < 60) return join(set, 'coreos-lab', id);
  return join(platform() === 'win32' ? tmpdir() : '/tmp', `coreos-lab-${userInfo().uid}`, id);
}
