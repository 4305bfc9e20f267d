import type { ClusterHost, ClusterState, EtcdMember } from '../../engine/cluster/cluster-state.js';
import type { MachineView } from '../state/lab-state.js';

/** One node as Mayu and etcd see it; either may not know it. */
export interface ClusterRow {
  name: string;
  ip?: string;
  host?: ClusterHost;
  member?: EtcdMember;
}

/** Nodes of the lab that exist or that Mayu or etcd know, then hosts and members that the lab does not know. */
export function clusterRows({ mayu, etcd }: ClusterState, machines: readonly MachineView[]): ClusterRow[] {
  const hosts = new Set(mayu.hosts);
  const members = new Set(etcd.members);
  const take = <T>(set: Set<T>, fits: (one: T) => boolean): T | undefined => {
    const found = [...set].find(fits);
    if (found !== undefined) set.delete(found);
    return found;
  };
  const memberOf = (name: string, ip: string | undefined) =>
    take(members, (one) => one.name === name || (ip !== undefined && one.address === ip));
  const row = (name: string, ip: string | undefined, host: ClusterHost | undefined): ClusterRow => {
    const member = memberOf(name, ip);
    const address = ip ?? member?.address;
    return {
      name,
      ...(address === undefined ? {} : { ip: address }),
      ...(host === undefined ? {} : { host }),
      ...(member === undefined ? {} : { member }),
    };
  };
  const known = machines
    .filter(({ role }) => role === 'node')
    .map((machine) => {
      const host = take(hosts, (one) => one.machine === machine.name);
      return { exists: machine.state !== 'not_created', row: row(machine.name, host?.ip ?? machine.ip, host) };
    })
    .filter(({ exists, row: { host, member } }) => exists || host !== undefined || member !== undefined)
    .map((each) => each.row);
  const strangers = [...hosts].map((host) => row(host.machine ?? host.serial, host.ip, host));
  const others = [...members].map((member) => row(member.name || (member.address ?? '?'), member.address, undefined));
  return [...known, ...strangers, ...others];
}
