import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createExec } from '../exec-process.js';
import { knockScript } from './ssh-knock.js';

const exec = createExec({ emit: () => {} });
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that greets so; the port that the first one gets is that of all. */
async function greet(host: string, greeting: string | undefined, port = 0): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (greeting !== undefined) socket.write(greeting);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return (server.address() as { port: number }).port;
}

test('finds those that greet as sshd does, at once, whatever the others do', async () => {
  const port = await greet('127.0.0.1', 'SSH-2.0-OpenSSH_9.2p1\r\n');
  await greet('127.0.0.2', 'HTTP/1.1 400 Bad Request\r\n', port);
  await greet('127.0.0.3', undefined, port);
  const all = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];
  const script = knockScript(all).replace('/22"', `/${port}"`);
  const started = Date.now();
  const result = await exec.run('bash', ['-euo', 'pipefail', '-c', script]);
  expect(result).toMatchObject({ exitCode: 0, stdout: 'ssh 127.0.0.1\n', stderr: '' });
  expect(Date.now() - started).toBeLessThan(12_000);
});
