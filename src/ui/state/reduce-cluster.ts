import { machinesText } from '../../engine/cluster/quorum-wait.js';
import type { EventOf } from './event-types.js';
import type { LabState, MachineView } from './lab-state.js';

/** What is known of the cluster; the addresses that Mayu gave are those of the machines. */
export function reduceCluster(state: LabState, event: EventOf<'cluster'>): LabState {
  const { mayu, etcd } = event;
  const machines = state.machines.map((machine) => withCluster(machine, event));
  const same = machines.every((machine, index) => machine === state.machines[index]);
  return { ...state, ...(same ? {} : { machines }), cluster: { mayu, etcd } };
}

function withCluster(old: MachineView, { mayu, etcd }: EventOf<'cluster'>): MachineView {
  if (old.state === 'not_created') return old;
  const { ip = old.ip, profile = old.profile } = mayu.hosts.find(({ machine }) => machine === old.name) ?? {};
  const member = etcd.members.find(({ name }) => name === old.name);
  const health = member && (!member.healthy ? 'ill' : member.leader ? 'leader' : 'healthy');
  const waitsFor = etcd.waits !== undefined && profile === 'core' ? machinesText(etcd.waits) : undefined;
  if (ip === old.ip && profile === old.profile && health === old.etcd && waitsFor === old.waitsFor) return old;
  const { etcd: _etcd, waitsFor: _waitsFor, ...rest } = old;
  return {
    ...rest,
    ...(ip === undefined ? {} : { ip }),
    ...(profile === undefined ? {} : { profile }),
    ...(health === undefined ? {} : { etcd: health }),
    ...(waitsFor === undefined ? {} : { waitsFor }),
  };
}
