import { join } from 'node:path';
import { machineDirectory } from '../common/machine-directory.js';

export interface VBoxMachinePaths {
  directory: string;
  /** Where VirtualBox keeps its settings, snapshots and logs of the machine. */
  home: string;
  disk: string;
  /** The machine's UUID; written before the machine is made, so that a half-made one is recognised as ours. */
  identity: string;
  /** The machine's spec; written last, so that its presence means that create() was completed. */
  spec: string;
  /** Written when a machine that crashed was powered off: it does not count as crashed any more. */
  acknowledged: string;
  console: string;
  /** A CD that VirtualBox makes up on the fly, with the Ignition config on it. */
  configDrive: string;
  /** Sockets: VirtualBox's end of the serial port, and the lab's. */
  uart: string;
  serial: string;
}

export function vboxPaths(labDirectory: string, runtimeDirectory: string, name: string): VBoxMachinePaths {
  const directory = machineDirectory(labDirectory, name);
  return {
    directory,
    home: join(directory, 'virtualbox'),
    disk: join(directory, 'disk.vdi'),
    identity: join(directory, 'virtualbox.json'),
    spec: join(directory, 'spec.json'),
    acknowledged: join(directory, 'acknowledged.json'),
    console: join(directory, 'console.log'),
    configDrive: join(directory, 'config.viso'),
    uart: join(runtimeDirectory, `${name}.uart`),
    serial: join(runtimeDirectory, `${name}.ser`),
  };
}

export function socketPaths(paths: VBoxMachinePaths): string[] {
  return [paths.uart, paths.serial];
}
