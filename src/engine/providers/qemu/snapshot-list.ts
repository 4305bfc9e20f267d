import type { Exec } from '../../exec.js';
import { qemuImg } from './disks.js';
import type { MachinePaths } from './paths.js';
import type { QmpClient } from './qmp.js';

export interface DiskSnapshot {
  name: string;
  /** Bytes of saved memory. */
  'vm-state-size': number;
}

interface BlockInfo {
  inserted?: { image?: { snapshots?: DiskSnapshot[] } };
}

/** Snapshots in the disks of a running machine. */
export async function liveSnapshots(qmp: QmpClient): Promise<DiskSnapshot[]> {
  const blocks = (await qmp.execute('query-block', undefined, 30_000)) as BlockInfo[];
  return blocks.flatMap((block) => block.inserted?.image?.snapshots ?? []);
}

/** Snapshots in the disk of a machine that is off. */
export async function diskSnapshots(exec: Exec, name: string, paths: MachinePaths): Promise<DiskSnapshot[]> {
  const args = ['info', '--output=json', paths.disk];
  const text = await qemuImg(exec, name, args, { directory: paths.directory, quiet: true });
  return (JSON.parse(text) as { snapshots?: DiskSnapshot[] }).snapshots ?? [];
}
