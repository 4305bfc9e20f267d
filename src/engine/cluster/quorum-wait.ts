import type { ClusterState, EtcdState, QuorumWait } from './cluster-state.js';

/** As many members a cluster begins with; see `profiles` in provision/mayu/config.yaml. */
const FIRST_MEMBERS = 3;
/** Machines that are named; more are no help. */
const NAMED = 3;

/** A node as far as it matters here. */
export interface WaitingNode {
  name: string;
  running: boolean;
  /** Added by command: Mayu makes it no member while lab.yaml's own nodes are to come. */
  added: boolean;
}

/**
 * How many members have to be started before etcd can work at all, and which may be. undefined: it works, enough machines run to make it
 * work, or nobody waits for it.
 */
export function quorumWait({ mayu, etcd }: ClusterState, nodes: readonly WaitingNode[]): QuorumWait | undefined {
  if (etcd.quorum) return undefined;
  const formed = etcd.members.length > 0;
  const profile = (name: string) => mayu.hosts.find(({ machine }) => machine === name)?.profile;
  const isMember = ({ name, added }: WaitingNode) => {
    if (formed) return etcd.members.some((member) => member.name === name);
    return profile(name) === undefined ? !added : profile(name) === 'core';
  };
  const members = nodes.filter(isMember);
  const running = members.filter((node) => node.running);
  const missing = members.filter((node) => !node.running).map(({ name }) => name);
  const waits = formed ? running.length > 0 : running.some(({ name }) => profile(name) === 'core');
  const size = formed ? etcd.members.length : FIRST_MEMBERS;
  const more = Math.floor(size / 2) + 1 - running.length;
  return waits && more > 0 && missing.length > 0 ? { more, machines: missing.slice(0, NAMED) } : undefined;
}

/** `waits for one more member: core-02 or core-03 (coreos-lab up core-02)` */
export function quorumWaitText({ more, machines }: QuorumWait): string {
  const count = more === 1 ? 'one more member' : `${more} more members`;
  return `waits for ${count}: ${machinesText({ more, machines })} (coreos-lab up ${machines.slice(0, more).join(' ')})`;
}

/** `core-02 or core-03` */
export function machinesText({ more, machines }: QuorumWait): string {
  if (machines.length <= more) return machines.join(' and ');
  return `${machines.slice(0, -1).join(', ')} or ${machines.at(-1)}`;
}

/** Members by the names of their machines, where it is known which machine has their address: etcd has names of its own for them. */
export function namedByMachine(etcd: EtcdState, machines: ReadonlyMap<string, string>): EtcdState {
  const members = etcd.members.map((member) => {
    const machine = member.address === undefined ? undefined : machines.get(member.address);
    return machine === undefined || !member.started ? member : { ...member, name: machine };
  });
  return { ...etcd, members };
}
