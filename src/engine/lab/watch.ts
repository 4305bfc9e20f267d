import { setTimeout as sleep } from 'node:timers/promises';
import type { PowerState } from '../events.js';
import type { Access } from './access.js';
import type { ConsoleWatch } from './console-watch.js';
import { provisionerOf } from './machines.js';
import type { LabParts } from './parts.js';
import { STATE_WORDS } from './status-table.js';
import { lookAtLab } from './updates.js';
import { watchCluster } from './watch-cluster.js';
import { watchUpdates } from './watch-updates.js';

const QUICK = 1000;
const SLOW = 3000;
/** After this many looks without a change, looking slows down. */
const CALM = 20;

/** The time between two looks; ends early, without an error, with the signal. */
type Rest = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/**
 * Looks at the machines from time to time: emits `machine` events for what changed, follows the consoles of those that run, and
 * says when one ended without being asked to. The returned function ends that.
 */
export function watchMachines(
  parts: LabParts & { access: Access },
  consoles: ConsoleWatch,
  sshAnswers: (name: string, signal: AbortSignal) => Promise<boolean>,
  rest: Rest = (milliseconds, signal) => sleep(milliseconds, undefined, { signal }).catch(() => undefined),
): () => Promise<void> {
  const { config, provider, events } = parts;
  const known = new Map<string, PowerState>();
  const following = new Map<string, () => Promise<void>>();
  const reached = new Set<string>();
  const stop = new AbortController();

  const changed = async (name: string, state: PowerState) => {
    const before = known.get(name);
    known.set(name, state);
    events.emit({ type: 'machine', machine: name, state });
    if (state === 'aborted' && before !== undefined) {
      const text = `${name} ended without being asked to (it was ${STATE_WORDS[before]}). Start it again: coreos-lab up ${name}`;
      events.emit({ type: 'notice', level: 'error', text });
    }
    if (state === 'running' && !following.has(name)) following.set(name, await consoles.follow(name));
    if (state !== 'running') {
      reached.delete(name);
      await following.get(name)?.();
      following.delete(name);
    }
  };

  const look = async (): Promise<boolean> => {
    let change = false;
    for (const [name, state] of await provider.states(config.machines.map(({ name }) => name))) {
      if (known.get(name) === state) continue;
      change = true;
      await changed(name, state);
    }
    for (const { name, role } of config.machines) {
      if (role !== 'provisioner' || known.get(name) !== 'running' || reached.has(name)) continue;
      if (!(await sshAnswers(name, stop.signal))) continue;
      reached.add(name);
      await consoles.reach(name, 'ssh');
    }
    return change;
  };

  const loop = (async () => {
    for (let calm = 0; !stop.signal.aborted; calm++) {
      // A look that failed is no reason to stop looking; commands say what is wrong.
      if (await look().catch(() => false)) calm = 0;
      await rest(calm < CALM ? QUICK : SLOW, stop.signal);
    }
    await Promise.all([...following.values()].map((end) => end()));
  })();

  const provisioner = provisionerOf(config).name;
  const nodes = () => config.machines.filter(({ name, role }) => role === 'node' && known.get(name) === 'running');
  let serverListens = false;
  const clusterLoop = watchCluster({
    look: async (nodes) => {
      const look = await parts.access.cluster({ ...nodes, signal: stop.signal });
      serverListens = look.updates ?? serverListens;
      return look;
    },
    address: (machine) => parts.access.addresses.known(machine),
    // Nodes are behind the provisioner: nobody asks about them before it answers.
    provisionerAnswers: () => reached.has(provisioner),
    nodes,
    stage: (name) => consoles.stage(name),
    isReached: (name) => consoles.has(name, 'ssh'),
    slowness: async () => (await provider.probe()).slowness,
    sshAnswers: (name) => sshAnswers(name, stop.signal),
    reached: (name) => consoles.sshAnswered(name),
    emit: (state) => events.emit({ type: 'cluster', ...state }),
    signal: stop.signal,
  });

  const updatesLoop = watchUpdates({
    look: (before) => lookAtLab(parts, { answers: (name) => consoles.has(name, 'ssh'), before, signal: stop.signal }),
    provisionerAnswers: () => reached.has(provisioner),
    serverListens: () => serverListens,
    booting: () => nodes().flatMap(({ name }) => (consoles.has(name, 'ssh') ? [] : [name])),
    emit: (state) => events.emit({ type: 'updates', ...state }),
    signal: stop.signal,
  });

  return async () => {
    stop.abort();
    await Promise.all([loop, clusterLoop, updatesLoop]);
  };
}
