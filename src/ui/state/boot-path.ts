import { STAGE_ORDER, stageIndex, TOLD_LATE } from '../../engine/console/stage-order.js';
import type { BootStage } from './event-types.js';
import type { MachineView } from './lab-state.js';

type Stages = readonly BootStage[];

/** What a machine is expected to pass on its way; stages that it really passed are added. */
const PATHS = {
  provisioner: ['firmware', 'kernel', 'ignition', 'system', 'ssh'],
  install: ['firmware', 'dhcp', 'ipxe', 'kernel', 'ignition', 'install', 'reboot', 'disk', 'ssh', 'etcd', 'running'],
  disk: ['firmware', 'kernel', 'system', 'ssh', 'etcd', 'running'],
} as const satisfies Record<string, Stages>;

/** Only a machine that comes over the network passes these. */
const NETWORK: ReadonlySet<BootStage> = new Set<BootStage>(['dhcp', 'ipxe', 'install', 'reboot', 'disk']);

/** A node of the cluster: it is up when its etcd member is. Nodes that were added get another profile, as far as nobody knows better. */
function isMember({ role, profile, added }: MachineView): boolean {
  return role === 'node' && (profile === undefined ? !added : profile === 'core');
}

/** The boot came to where it leads: a running member of the cluster, ssh of any other machine. */
export function atGoal(machine: MachineView): boolean {
  if (machine.stages.includes('running')) return true;
  const ssh = machine.ssh === true || machine.stages.includes('ssh');
  return ssh && (!isMember(machine) || machine.etcd === 'healthy' || machine.etcd === 'leader');
}

/** All stages to show for a machine, in the order in which it passes them. */
export function bootPath(machine: MachineView): Stages {
  const { role, stages, ip } = machine;
  const network = stages.some((stage) => NETWORK.has(stage));
  const fromDisk = !network && (ip !== undefined || stages.some((stage) => stageIndex(stage) >= stageIndex('kernel')));
  const path: Stages = PATHS[role === 'provisioner' ? 'provisioner' : fromDisk ? 'disk' : 'install'];
  const known = new Set<BootStage>([...path, ...stages]);
  if (stages.some((stage) => stage !== 'power-on')) known.delete('power-on');
  if (!isMember(machine)) {
    for (const stage of ['etcd', 'running'] as const) if (!stages.includes(stage)) known.delete(stage);
  }
  const order: Stages = STAGE_ORDER.filter((stage) => known.has(stage));
  // The system in memory is up before it installs itself.
  if (!network || stages.at(-1) !== 'system' || stages.includes('disk')) return order;
  const before: Stages = order.filter((stage) => stage !== 'system');
  return before.toSpliced(before.indexOf('install'), 0, 'system');
}

/**
 * The stages of a boot with one more; `anew`: what answered before does so no more. A stage that was told late takes nothing back. Any other
 * that is earlier than the present one is the beginning of the next boot, but for the installer: it starts in a system that is up.
 */
export function withStage(before: Stages, stage: BootStage): { stages: Stages; anew: boolean } {
  const present = before.at(-1);
  if (present === stage) return { stages: before, anew: stage === 'power-on' || stage === 'firmware' };
  if (present === undefined || stageIndex(stage) > stageIndex(present)) {
    return { stages: [...before, stage], anew: stage === 'reboot' };
  }
  if (TOLD_LATE.has(stage)) {
    const others = before.filter((each) => each !== stage);
    const place = others.findIndex((each) => stageIndex(each) > stageIndex(stage));
    return { stages: others.toSpliced(place, 0, stage), anew: false };
  }
  if (stage === 'install')
    return { stages: [...before.filter((each) => stageIndex(each) < stageIndex(stage)), stage], anew: true };
  return { stages: [stage], anew: true };
}
