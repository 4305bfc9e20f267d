import type { EventOf } from './event-types.js';
import type { LabState } from './lab-state.js';

/** What is known of the cluster; the addresses that Mayu gave are those of the machines. */
export function reduceCluster(state: LabState, { mayu, etcd }: EventOf<'cluster'>): LabState {
  const machines = state.machines.map((machine) => {
    const ip = mayu.hosts.find((host) => host.machine === machine.name)?.ip;
    const nothing = ip === undefined || ip === machine.ip || machine.state === 'not_created';
    return nothing ? machine : { ...machine, ip };
  });
  const same = machines.every((machine, index) => machine === state.machines[index]);
  return { ...state, ...(same ? {} : { machines }), cluster: { mayu, etcd } };
}
