import { join } from 'node:path';
import { LabError } from '../../errors.js';

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

/** Longest path of a unix socket, terminator excluded. */
const SOCKET_PATH_LIMIT = process.platform === 'linux' ? 107 : 103;

export function machinesDirectory(labDirectory: string): string {
  return join(labDirectory, 'machines');
}

/** All files of a machine. The name becomes part of paths that are removed recursively, so it is checked here again. */
export function machinePaths(labDirectory: string, runtimeDirectory: string, name: string): MachinePaths {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(name)) {
    throw new LabError({
      code: 'BAD_MACHINE_NAME',
      message: `"${name}" cannot be the name of a machine.`,
      remedy: ['Use letters, digits and hyphens, beginning with a letter.'],
      exitCode: 2,
    });
  }
  const directory = join(machinesDirectory(labDirectory), name);
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

/** Throws when a socket's path is longer than the system allows, which QEMU would report in words nobody understands. */
export function checkSocketPaths(paths: MachinePaths): void {
  const long = socketPaths(paths).find((path) => Buffer.byteLength(path) > SOCKET_PATH_LIMIT);
  if (long === undefined) return;
  throw new LabError({
    code: 'SOCKET_PATH_TOO_LONG',
    message: `The socket ${long} has ${Buffer.byteLength(long)} bytes in its path, the system allows ${SOCKET_PATH_LIMIT}.`,
    remedy: ['Set XDG_RUNTIME_DIR to a short directory of your own, for example /tmp/lab (mode 0700).'],
    exitCode: 2,
  });
}
