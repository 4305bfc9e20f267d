import { connect, type Socket } from 'node:net';
import { LabError } from '../../errors.js';

/** Opens the serial port of a running machine. QEMU serves one at a time: a second waits until the first closes. */
export function attachConsole(machine: string, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const fail = (cause: Error) =>
      reject(
        new LabError({
          code: 'CONSOLE_UNAVAILABLE',
          message: `The console of ${machine} cannot be opened: ${cause.message}.`,
          remedy: [`coreos-lab status, then coreos-lab up ${machine} if it is not running.`],
          machine,
          cause,
        }),
      );
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
