import { createSocket } from 'node:dgram';
import type { Tunnel } from './args.js';

/** Two free UDP ports; those of last time where they still are free. */
export async function chooseTunnel(last: Tunnel | undefined): Promise<Tunnel> {
  if (
    last !== undefined &&
    (await bindOnce(last.machine)) !== undefined &&
    (await bindOnce(last.switch)) !== undefined
  ) {
    return last;
  }
  const first = createSocket('udp4');
  try {
    // Held while the second is chosen, so that they differ.
    const machine = await bound(first, 0);
    return { machine: machine as number, switch: (await bindOnce(0)) as number };
  } finally {
    first.close();
  }
}

async function bindOnce(port: number): Promise<number | undefined> {
  const socket = createSocket('udp4');
  try {
    return await bound(socket, port);
  } finally {
    socket.close();
  }
}

/** On all addresses, as VirtualBox does. */
function bound(socket: ReturnType<typeof createSocket>, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    socket.once('error', () => resolve(undefined));
    socket.bind({ port, exclusive: true }, () => resolve(socket.address().port));
  });
}
