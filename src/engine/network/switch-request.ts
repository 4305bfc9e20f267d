import { connect } from 'node:net';
import type { SwitchAnswer, SwitchRequest } from './switch-protocol.js';

/** One request, one answer, one connection. Rejects when nobody listens or no answer comes within `timeout` milliseconds. */
export function askSwitch(path: string, request: SwitchRequest, timeout: number): Promise<SwitchAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path }, () => socket.write(`${JSON.stringify(request)}\n`));
    const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), timeout);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (!text.endsWith('\n')) return;
      socket.destroy();
      try {
        resolve(JSON.parse(text) as SwitchAnswer);
      } catch (error) {
        reject(error);
      }
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      reject(new Error('closed without an answer'));
    });
  });
}
