import { createServer } from 'node:net';
import { LabError } from '../../errors.js';
import { portTaken } from './errors.js';

/** Throws PORT_TAKEN or PORT_FORBIDDEN unless 127.0.0.1:`port` can be listened on. */
export async function checkPort(machine: string, port: number): Promise<void> {
  const code = await tryListen(port);
  if (code === undefined) return;
  if (code !== 'EACCES') throw portTaken(machine, port);
  throw new LabError({
    code: 'PORT_FORBIDDEN',
    message: `Port ${port}, which ${machine} needs for ssh, may only be used by root.`,
    remedy: [`Give ${machine} an sshPort above 1023 in lab.yaml.`],
    machine,
  });
}

function tryListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
