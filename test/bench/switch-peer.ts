/**
 * One end of the switch benchmark, a process of its own:
 *   peer receive SOCKET FRAMES                    listens, prints {frames, bytes, milliseconds} when all have come
 *   peer send listen|connect SOCKET FRAMES PER_WRITE   sends as fast as the other side takes it
 */
import { connect, createServer, type Socket } from 'node:net';
import { encodeFrame, FrameParser } from '../../src/engine/network/framing.js';

const FRAME_BYTES = 1514;
const RECEIVER = Buffer.from('0800270000bb', 'hex');
const SENDER = Buffer.from('0800270000aa', 'hex');

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'receive') receive(rest[0] as string, Number(rest[1]));
else send(rest[0] as string, rest[1] as string, Number(rest[2]), Number(rest[3]));

/** The first frame only makes the way known; counting begins with the second. */
function receive(path: string, expected: number): void {
  createServer((socket) => {
    const parser = new FrameParser();
    let frames = -1;
    let bytes = 0;
    let started = 0;
    let last = 0;
    const report = () => {
      process.stdout.write(`${JSON.stringify({ frames, bytes, milliseconds: last - started })}\n`);
      process.exit(0);
    };
    // Whatever was dropped on the way does not come any more; then what came is the result.
    const quiet = setInterval(() => {
      if (started > 0 && performance.now() - last > 1500) report();
    }, 250);
    quiet.unref();
    socket.on('data', (chunk: Buffer) => {
      parser.push(chunk, (_buffer, start, end) => {
        frames += 1;
        if (frames === 0) started = performance.now();
        else bytes += end - start - 4;
      });
      last = performance.now();
      if (frames >= expected) report();
    });
    socket.write(encodeFrame(frameOf(RECEIVER, Buffer.alloc(6, 0xff))));
  }).listen(path, () => process.stdout.write('ready\n'));
}

function send(how: string, path: string, frames: number, perWrite: number): void {
  const start = async (socket: Socket) => {
    const record = encodeFrame(frameOf(SENDER, RECEIVER));
    const batch = Buffer.concat(Array.from({ length: perWrite }, () => record));
    // The receiver's broadcast says that both are connected.
    await new Promise((resolve) => socket.once('data', resolve));
    socket.write(record);
    for (let sent = 0; sent < frames; sent += perWrite) {
      if (!socket.write(batch)) await new Promise((resolve) => socket.once('drain', resolve));
    }
  };
  if (how === 'connect') {
    const socket = connect({ path });
    void start(socket);
  } else {
    createServer((socket) => void start(socket)).listen(path, () => process.stdout.write('ready\n'));
  }
}

function frameOf(from: Buffer, to: Buffer): Buffer {
  return Buffer.concat([to, from, Buffer.from('88b5', 'hex'), Buffer.alloc(FRAME_BYTES - 14, 0x5a)]);
}
