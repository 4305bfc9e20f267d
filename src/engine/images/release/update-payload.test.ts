import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { updateKeyPair, updatePayload } from './test-support.js';
import { payloadFault } from './update-payload.js';

const { publicKey, privateKey } = updateKeyPair();
const whole = updatePayload(Buffer.alloc(3000, 'blocks'), privateKey);
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'payload-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function fault(payload: Buffer, key = publicKey): Promise<string | undefined> {
  await writeFile(join(directory, 'update.gz'), payload);
  return payloadFault(join(directory, 'update.gz'), key);
}

describe('an update payload', () => {
  test('signed by the key is right', async () => {
    expect(await fault(whole)).toBeUndefined();
  });

  test('signed by another key, or for another client, is not', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await fault(whole, other.publicKey)).toBe('its signature is not right');
    expect(await fault(updatePayload(Buffer.alloc(10), privateKey, 1))).toBe('it is not signed');
  });

  test('with anything changed, cut or added is not, and nothing throws', async () => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(change, async ([at, by]) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] as number) ^ by;
        expect(await fault(changed)).toBeDefined();
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        expect(await fault(whole.subarray(0, length))).toBeDefined();
      }),
    );
    expect(await fault(Buffer.concat([whole, Buffer.from('x')]))).toBeDefined();
  });

  test('that is only the head of one is not', async () => {
    const head = Buffer.from(whole.subarray(0, 20));
    head.writeBigUInt64BE(2n ** 40n, 12);
    expect(await fault(head)).toBe('its manifest is cut off');
    expect(await fault(Buffer.alloc(0))).toBe('it is no update payload');
  });
});
