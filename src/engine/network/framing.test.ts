import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameParser, FramingError, MAX_FRAME_BYTES } from './framing.js';

const frames = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });

/** Cuts a stream at the given (wrapped) places. */
function cut(stream: Buffer, sizes: number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < stream.length; i += 1) {
    const size = sizes.length === 0 ? stream.length : Math.max(1, sizes[i % sizes.length] ?? 1);
    chunks.push(stream.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function parse(parser: FrameParser, chunks: Buffer[]): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const chunk of chunks) {
    parser.push(chunk, (buffer, start, end) => found.push(new Uint8Array(buffer.subarray(start + 4, end))));
  }
  return found;
}

describe('FrameParser', () => {
  it('finds the same frames however the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 400 })), (sent, sizes) => {
        const parser = new FrameParser();
        expect(parse(parser, cut(Buffer.concat(sent.map(encodeFrame)), sizes))).toEqual(sent);
        expect(parser.pending).toBe(0);
      }),
    );
  });

  it('holds a truncated record back and finishes it when the rest comes', () => {
    fc.assert(
      fc.property(frames, fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(), (sent, last, at) => {
        const stream = Buffer.concat([...sent, last].map(encodeFrame));
        const missing = 1 + (at % (last.length + 3));
        const parser = new FrameParser();
        expect(parse(parser, [stream.subarray(0, stream.length - missing)])).toEqual(sent);
        expect(parser.pending).toBe(last.length + 4 - missing);
        expect(parse(parser, [stream.subarray(stream.length - missing)])).toEqual([last]);
      }),
    );
  });

  it('refuses an impossible length after the frames before it, wherever the stream is cut', () => {
    const length = fc.integer({ min: MAX_FRAME_BYTES + 1, max: 0xffffffff });
    fc.assert(
      fc.property(frames, length, fc.array(fc.integer({ min: 1, max: 50 })), (sent, bad, sizes) => {
        const header = Buffer.alloc(4);
        header.writeUInt32BE(bad);
        const found: Uint8Array[] = [];
        const parser = new FrameParser();
        expect(() => {
          for (const chunk of cut(Buffer.concat([...sent.map(encodeFrame), header]), sizes)) {
            parser.push(chunk, (buffer, start, end) => found.push(new Uint8Array(buffer.subarray(start + 4, end))));
          }
        }).toThrow(FramingError);
        expect(found).toEqual(sent);
      }),
    );
  });

  it('takes the largest frame QEMU sends', () => {
    const frame = new Uint8Array(MAX_FRAME_BYTES).fill(7);
    expect(parse(new FrameParser(), cut(encodeFrame(frame), [1000]))).toEqual([frame]);
  });

  it('hands records within one chunk on without copying', () => {
    const stream = Buffer.concat([encodeFrame(new Uint8Array(60)), encodeFrame(new Uint8Array(70))]);
    new FrameParser().push(stream, (buffer) => expect(buffer).toBe(stream));
  });
});
