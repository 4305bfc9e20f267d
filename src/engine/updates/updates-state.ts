/** How far the nodes are with their updates at a moment: what the updates pane and `coreos-lab updates` show. */
export interface UpdatesState {
  server: UpdateServerState;
  lock: RebootLock;
  nodes: NodeUpdates[];
}

export interface UpdateServerState {
  /** unknown: the provisioner is off, or cannot be asked. */
  state: 'up' | 'down' | 'unknown';
  /** Why it is not up. */
  reason?: string;
  groups: UpdateGroup[];
}

export interface UpdateGroup {
  name: string;
  /** What machines name in GROUP of update.conf. */
  track: string;
  /** What its channel gives out; undefined when that is nothing yet. */
  version?: string;
  /** false: paused, nobody is given an update. */
  enabled: boolean;
  safeMode: boolean;
  /** A rollout has begun and not ended. */
  rollout: boolean;
  /** Machines that have asked. */
  instances: number;
}

/** locksmith's semaphore in etcd: who may restart. */
export interface RebootLock {
  /** never: nobody has ever taken it; unknown: no etcd answers. */
  state: 'held' | 'free' | 'never' | 'unknown';
  holders: LockHolder[];
}

export interface LockHolder {
  /** A machine id. */
  id: string;
  /** Name of the lab's machine; undefined when none is known by this id. */
  machine?: string;
}

export interface NodeUpdates {
  machine: string;
  address?: string;
  /** silent: it runs and does not answer by ssh; what it was like before is kept. */
  state: 'answers' | 'silent' | 'off';
  /** Its machine id: what update server and lock know it by. */
  id?: string;
  /** Of the system that it runs. */
  version?: string;
  /** undefined when not known; none when it runs in memory. */
  slots?: Slots | 'none';
  engine?: EngineState;
  server?: ServerView;
  /** It holds the reboot lock. */
  lock?: true;
}

export type SlotName = 'A' | 'B';

export interface Slots {
  /** The one that /usr is mounted from. */
  running: SlotName;
  A: Slot;
  B: Slot;
}

/** By these numbers in the partition table the next boot chooses its slot. */
export interface Slot {
  priority: number;
  tries: number;
  successful: number;
}

export interface EngineState {
  running: boolean;
  /** As update_engine_client tells it, without UPDATE_STATUS_. */
  operation?: string;
  /** 0–100, of the download. */
  percent?: number;
  /** What it is updating to. */
  version?: string;
  /** Milliseconds since the epoch. */
  lastCheck?: number;
}

/** Of a machine, in Nebraska's words. */
export type InstanceStatus =
  | 'undefined'
  | 'update_granted'
  | 'error'
  | 'complete'
  | 'installed'
  | 'downloaded'
  | 'downloading'
  | 'onhold';

/** What the update server knows of a node. */
export interface ServerView {
  group: string;
  /** That the node told last. */
  version: string;
  status: InstanceStatus;
  /** Of its last request, milliseconds since the epoch. */
  time?: number;
}

/** Something changes soon: a node is at it, somebody holds the lock, or the server has work to give out. */
export function isUnderWay({ server, lock, nodes }: UpdatesState): boolean {
  return (
    lock.state === 'held' ||
    server.groups.some(({ rollout, enabled }) => rollout && enabled) ||
    nodes.some(({ engine, server: view }) => isBusy(engine) || (view !== undefined && AT_IT.has(view.status)))
  );
}

const AT_IT: ReadonlySet<InstanceStatus> = new Set(['update_granted', 'downloading', 'downloaded', 'installed']);

export function isBusy(engine: EngineState | undefined): boolean {
  return engine?.operation !== undefined && engine.operation !== 'IDLE';
}
