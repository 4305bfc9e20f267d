import { LabError } from '../../errors.js';

/** Longest path of a unix socket, terminator excluded. */
const SOCKET_PATH_LIMIT = process.platform === 'linux' ? 107 : 103;

/** Throws when a socket's path is longer than the system allows, which hypervisors report in words nobody understands. */
export function checkSocketPaths(paths: readonly string[]): void {
  const long = paths.find((path) => Buffer.byteLength(path) > SOCKET_PATH_LIMIT);
  if (long === undefined) return;
  throw new LabError({
    code: 'SOCKET_PATH_TOO_LONG',
    message: `The socket ${long} has ${Buffer.byteLength(long)} bytes in its path, the system allows ${SOCKET_PATH_LIMIT}.`,
    remedy: ['Set XDG_RUNTIME_DIR to a short directory of your own, for example /tmp/lab (mode 0700).'],
    exitCode: 2,
  });
}
