/** What Mayu's hosts and the etcd of the nodes are like at a moment: what the cluster pane and `coreos-lab cluster` show. */
export interface ClusterState {
  mayu: MayuState;
  etcd: EtcdState;
}

export interface MayuState {
  /** unknown: the provisioner is off, or cannot be asked. */
  state: 'up' | 'down' | 'unknown';
  /** Why it is not up. */
  reason?: string;
  /** Somebody on the provisioner listens for DHCP requests; undefined = not known. */
  dhcp?: boolean;
  /** By address; while Mayu is not up, those of before. */
  hosts: ClusterHost[];
}

export interface ClusterHost {
  /** Name of the lab's machine; undefined when the lab has none with this serial. */
  machine?: string;
  serial: string;
  ip?: string;
  /** unknown, configured, installing or running. */
  state: string;
  profile?: string;
  /** Milliseconds since the epoch. */
  lastBoot?: number;
}

export interface EtcdState {
  /** By name; empty as long as no etcd answered. */
  members: EtcdMember[];
  /** A majority agrees: keys can be read and written. */
  quorum: boolean;
  /** Too few members run for a majority, and nothing but starting more helps. */
  waits?: QuorumWait;
}

export interface QuorumWait {
  /** Members that are wanted. */
  more: number;
  /** Machines that would do and do not run. */
  machines: string[];
}

export interface EtcdMember {
  /** Its name, which is that of its machine; empty until it has started for the first time. */
  name: string;
  address?: string;
  started: boolean;
  healthy: boolean;
  leader: boolean;
}

export const NO_ETCD: EtcdState = { members: [], quorum: false };
