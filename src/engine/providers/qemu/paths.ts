import { join } from 'node:path';
import { machineDirectory } from '../common/machine-directory.js';

export interface MachinePaths {
  directory: string;
  disk: string;
  /** The machine's spec; written last, so that its presence means that create() was completed. */
  spec: string;
  /** QEMU removes it when it ends in an orderly way; a number left in it without a process means `aborted`. */
  pid: string;
  console: string;
  /** Sockets, in the runtime directory because their paths must be short. */
  qmp: string;
  monitor: string;
  serial: string;
  wire: string;
}

/** All files of a machine. */
export function machinePaths(labDirectory: string, runtimeDirectory: string, name: string): MachinePaths {
  const directory = machineDirectory(labDirectory, name);
  return {
    directory,
    disk: join(directory, 'disk.qcow2'),
    spec: join(directory, 'spec.json'),
    pid: join(directory, 'pid'),
    console: join(directory, 'console.log'),
    qmp: join(runtimeDirectory, `${name}.qmp`),
    monitor: join(runtimeDirectory, `${name}.mon`),
    serial: join(runtimeDirectory, `${name}.ser`),
    wire: join(runtimeDirectory, `${name}.net`),
  };
}

export function socketPaths(paths: MachinePaths): string[] {
  return [paths.qmp, paths.monitor, paths.serial, paths.wire];
}
