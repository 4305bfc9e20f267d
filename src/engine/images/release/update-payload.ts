import { createVerify, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** `CrAU`, version 1 in eight bytes, length of the manifest in eight. */
const HEAD = 20;
/** A manifest lists operations on two gigabytes of blocks. */
const LARGEST_MANIFEST = 64 * 1024 * 1024;
/** Fields of DeltaArchiveManifest, of Signatures and of Signature. */
const SIGNATURES_OFFSET = 4;
const SIGNATURES_SIZE = 5;
const SIGNATURE = 1;
const SIGNATURE_VERSION = 1;
const SIGNATURE_DATA = 2;
/** Which signature update-engine looks at. */
const CLIENT_VERSION = 2;

/**
 * Whether a payload for update-engine is signed by this key, by the rules of update-engine itself: what stands before the signatures is hashed,
 * and the signatures are the end of the file. Undefined if so, else why not.
 */
export async function payloadFault(file: string, key: KeyObject, signal?: AbortSignal): Promise<string | undefined> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const head = await part(handle, 0, Math.min(HEAD, size));
    if (head.length < HEAD || head.toString('latin1', 0, 4) !== 'CrAU') return 'it is no update payload';
    if (head.readBigUInt64BE(4) !== 1n) return 'it is a payload of an unknown version';
    const length = Number(head.readBigUInt64BE(12));
    if (length > LARGEST_MANIFEST || HEAD + length > size) return 'its manifest is cut off';
    const manifest = fields(await part(handle, HEAD, length));
    const offset = number(manifest, SIGNATURES_OFFSET);
    const bytes = number(manifest, SIGNATURES_SIZE);
    if (offset === undefined || bytes === undefined) return 'it is not signed';
    const signed = HEAD + length + offset;
    if (signed + bytes !== size || bytes > LARGEST_MANIFEST) return 'its length is not what its manifest says';
    const signature = signatureOf(await part(handle, signed, bytes));
    if (signature === undefined) return 'it is not signed';
    const verify = createVerify('RSA-SHA256');
    await pipeline(createReadStream(file, { end: signed - 1 }), verify, { ...(signal && { signal }) });
    return verify.verify(key, signature) ? undefined : 'its signature is not right';
  } catch (error) {
    if (error instanceof RangeError) return 'its manifest cannot be read';
    throw error;
  } finally {
    await handle.close();
  }
}

async function part(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function signatureOf(blob: Buffer): Buffer | undefined {
  for (const { field, value } of fields(blob)) {
    if (field !== SIGNATURE || !Buffer.isBuffer(value)) continue;
    const signature = fields(value);
    if (number(signature, SIGNATURE_VERSION) !== CLIENT_VERSION) continue;
    const data = signature.find((each) => each.field === SIGNATURE_DATA)?.value;
    if (Buffer.isBuffer(data)) return data;
  }
  return undefined;
}

interface Field {
  field: number;
  value: number | Buffer;
}

function number(all: readonly Field[], field: number): number | undefined {
  const value = all.find((each) => each.field === field)?.value;
  return typeof value === 'number' ? value : undefined;
}

/** The fields of a protocol buffer, one level deep. Throws RangeError on what is none. */
function fields(bytes: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      if (factor > 2 ** 63) throw new RangeError('a number without an end');
    }
    return value;
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('a field without an end');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        found.push({ field, value: varint() });
        break;
      case 1:
        found.push({ field, value: take(8) });
        break;
      case 2:
        found.push({ field, value: take(varint()) });
        break;
      case 5:
        found.push({ field, value: take(4) });
        break;
      default:
        throw new RangeError('no field');
    }
  }
  return found;
}
