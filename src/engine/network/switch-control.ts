import { renameSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { SwitchAnswer, SwitchRequest } from './switch-protocol.js';

const MAX_LINE = 64 * 1024;

export interface ControlServer {
  /** False once another switch has taken the socket's name: the later one wins, this one has to go. */
  owns(): boolean;
  close(): void;
}

/**
 * Listens on `path`. The socket is made under a name of its own and renamed, so that of two starting at once exactly one
 * ends up with the name, and a leftover of a killed switch needs no removal.
 */
export async function listenControl(
  path: string,
  handle: (request: SwitchRequest) => Promise<SwitchAnswer>,
): Promise<ControlServer> {
  const own = `${path}.${process.pid}`;
  rmSync(own, { force: true });
  const server = createServer((socket) => serve(socket, handle));
  await listen(server, own);
  const inode = statSync(own).ino;
  renameSync(own, path);
  const owns = () => {
    try {
      return statSync(path).ino === inode;
    } catch {
      return false;
    }
  };
  return {
    owns,
    close: () => {
      if (owns()) rmSync(path, { force: true });
      server.close();
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

function serve(socket: Socket, handle: (request: SwitchRequest) => Promise<SwitchAnswer>): void {
  let text = '';
  let answered = Promise.resolve();
  socket.setEncoding('utf8');
  socket.on('error', () => {});
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > MAX_LINE) socket.destroy();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      answered = answered.then(async () => {
        const answer = await answerLine(line, handle);
        if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
      });
    }
  });
}

async function answerLine(
  line: string,
  handle: (request: SwitchRequest) => Promise<SwitchAnswer>,
): Promise<SwitchAnswer> {
  try {
    return await handle(JSON.parse(line) as SwitchRequest);
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}
