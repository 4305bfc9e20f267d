import type { PowerState } from '../../events.js';

/**
 * VirtualBox's words for states, as `list --long vms` has them, in the words of the lab. A saved machine has no process and continues
 * when it is started, so for the lab it is off.
 */
export function powerState(words: string): PowerState {
  switch (words) {
    case 'powered off':
    case 'saved':
    case 'aborted-saved':
    case 'teleported':
    case 'restoring snapshot':
    case 'deleting snapshot':
    case 'setting up':
      return 'poweroff';
    case 'starting':
    case 'restoring':
      return 'starting';
    case 'stopping':
      return 'stopping';
    case 'aborted':
    case 'guru meditation':
    case 'stuck':
      return 'aborted';
    case 'paused':
    case 'saving':
    case 'deleting snapshot live paused':
    case 'deleting snapshot online paused':
      return 'paused';
    default:
      // running, snapshotting or merging while it runs, and whatever a newer version calls it: a process is there.
      return 'running';
  }
}

/** Is there a process of the machine? */
export function isLive(state: PowerState): boolean {
  return state === 'running' || state === 'paused' || state === 'starting' || state === 'stopping';
}
