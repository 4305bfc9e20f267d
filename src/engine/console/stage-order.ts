import type { BootStage } from '../events.js';

/** The stages in the order of a boot that installs the machine: over the network, then once more from its disk. */
export const STAGE_ORDER: readonly BootStage[] = [
  'power-on',
  'firmware',
  'dhcp',
  'ipxe',
  'kernel',
  'initrd',
  'ignition',
  'install',
  'reboot',
  'disk',
  'system',
  'ssh',
  'etcd',
  'running',
];

/** Where a stage stands in the order of a boot. */
export const stageIndex = (stage: BootStage): number => STAGE_ORDER.indexOf(stage);

/** Found out by others than who tells the next stage: they may be told late, and then take nothing back. */
export const TOLD_LATE: ReadonlySet<BootStage> = new Set<BootStage>(['ssh', 'etcd']);
