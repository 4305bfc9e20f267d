import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QmpClient, withQmp } from './qmp.js';

let directory: string;
let path: string;
let server: Server | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lab-qmp-'));
  path = join(directory, 'q.sock');
});
afterEach(() => {
  server?.close();
  rmSync(directory, { recursive: true, force: true });
});

type Request = { execute: string; id: number };

/** Speaks QMP's greeting and gives every request to `answer`. */
async function peer(answer: (socket: Socket, request: Request) => void, greeting = '{"QMP": {}}\n'): Promise<void> {
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(greeting);
    socket.on('data', (chunk) => {
      for (const line of String(chunk).trimEnd().split('\n')) {
        const request = JSON.parse(line) as Request;
        if (request.execute === 'qmp_capabilities') socket.write(`{"return": {}, "id": ${request.id}}\n`);
        else answer(socket, request);
      }
    });
  });
  await new Promise<void>((resolve) => server?.listen(path, resolve));
}

describe('QmpClient', () => {
  it('matches answers by id, between events and in pieces', async () => {
    const waiting: Request[] = [];
    await peer((socket, request) => {
      waiting.push(request);
      if (waiting.length < 2) return;
      const text = waiting
        .toReversed()
        .map(({ execute, id }) => `{"event": "STOP"}\n\n{"return": "${execute}", "id": ${id}}\n`)
        .join('');
      socket.write(text.slice(0, 30));
      setTimeout(() => socket.write(text.slice(30)), 5);
    });
    await withQmp(path, 5000, async (qmp) => {
      const answers = await Promise.all([qmp.execute('one', {}, 5000), qmp.execute('two', {}, 5000)]);
      expect(answers).toEqual(['one', 'two']);
    });
  });

  it('rejects with the words of QEMU', async () => {
    await peer((socket, { id }) =>
      socket.write(`{"error": {"class": "GenericError", "desc": "no such thing"}, "id": ${id}}\n`),
    );
    const failing = withQmp(path, 5000, (qmp) => qmp.execute('x', undefined, 5000));
    await expect(failing).rejects.toMatchObject({ name: 'QmpError', message: 'no such thing' });
  });

  it('notices a peer that dies with a command under way, and refuses further ones', async () => {
    await peer((socket) => socket.destroy());
    const qmp = await QmpClient.connect(path, 5000);
    await expect(qmp.execute('x', undefined, 60_000)).rejects.toMatchObject({ name: 'QmpGone' });
    await expect(qmp.execute('y', undefined, 60_000)).rejects.toMatchObject({ name: 'QmpGone' });
    qmp.close();
  });

  it('does not wait for ever', async () => {
    await peer(() => {});
    await withQmp(path, 5000, async (qmp) => {
      await expect(qmp.execute('x', undefined, 50)).rejects.toThrow('no answer to x within 50 ms');
    });
  });

  it('rejects when nobody listens and when nobody greets', async () => {
    await expect(QmpClient.connect(path, 1000)).rejects.toMatchObject({ name: 'QmpGone' });
    await peer(() => {}, '');
    await expect(QmpClient.connect(path, 50)).rejects.toThrow('no greeting');
  });

  it('skips what is not JSON', async () => {
    await peer((socket, { id }) => socket.write(`garbage\n{"return": 1, "id": ${id}}\n`));
    expect(await withQmp(path, 5000, (qmp) => qmp.execute('x', undefined, 5000))).toBe(1);
  });
});
