import { createPrivateKey, generateKeyPairSync, type KeyObject, randomInt } from 'node:crypto';

const TYPE = 'ssh-ed25519';
const MAGIC = Buffer.from('openssh-key-v1\0');
const ARMOUR = /^-----BEGIN OPENSSH PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----\s*$/;

export interface KeyPair {
  /** OpenSSH format without passphrase, PEM armoured, with a final newline. */
  privateKey: string;
  /** `ssh-ed25519 AAAA… comment`, without a newline. */
  publicKey: string;
}

/**
 * A new ed25519 key pair. Encoded here, because ssh2 (1.17) strips leading zeros of the public key: one of its key pairs in
 * 256 cannot be read by anything.
 */
export function generateEd25519(comment: string): KeyPair {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return encode(Buffer.from(d as string, 'base64url'), Buffer.from(x as string, 'base64url'), comment);
}

/**
 * Reads a private key written by generateEd25519 and derives its public half, so that a damaged file is noticed.
 * undefined when the text is anything else, or damaged.
 */
export function parseEd25519(privateKey: string): KeyPair | undefined {
  const body = ARMOUR.exec(privateKey)?.[1];
  if (body === undefined) return undefined;
  try {
    const reader = new Reader(Buffer.from(body, 'base64'));
    if (!reader.take(MAGIC.length).equals(MAGIC)) return undefined;
    const [cipher, kdf] = [reader.string().toString(), reader.string().toString()];
    reader.string();
    if (cipher !== 'none' || kdf !== 'none' || reader.uint32() !== 1) return undefined;
    reader.string();
    const secret = new Reader(reader.string());
    const [check, again] = [secret.uint32(), secret.uint32()];
    if (check !== again || secret.string().toString() !== TYPE) return undefined;
    const pub = secret.string();
    const seedAndPub = secret.string();
    const comment = secret.string().toString();
    const derived = derivePublic(seedAndPub.subarray(0, 32));
    if (!derived.equals(pub) || !derived.equals(seedAndPub.subarray(32))) return undefined;
    return { privateKey, publicKey: publicText(pub, comment) };
  } catch {
    return undefined;
  }
}

function encode(seed: Buffer, pub: Buffer, comment: string): KeyPair {
  const check = uint32(randomInt(2 ** 32));
  const secret = [check, check, string(TYPE), string(pub), string(Buffer.concat([seed, pub])), string(comment)];
  const length = secret.reduce((sum, part) => sum + part.length, 0);
  const padding = Buffer.from(Array.from({ length: (8 - (length % 8)) % 8 }, (_, index) => index + 1));
  const bytes = Buffer.concat([
    MAGIC,
    string('none'),
    string('none'),
    string(''),
    uint32(1),
    string(publicBlob(pub)),
    string(Buffer.concat([...secret, padding])),
  ]);
  const lines = bytes.toString('base64').replace(/.{70}(?=.)/g, '$&\n');
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: publicText(pub, comment),
  };
}

function publicBlob(pub: Buffer): Buffer {
  return Buffer.concat([string(TYPE), string(pub)]);
}

function publicText(pub: Buffer, comment: string): string {
  return `${TYPE} ${publicBlob(pub).toString('base64')} ${comment}`;
}

function derivePublic(seed: Buffer): Buffer {
  // PKCS#8 for ed25519 (RFC 8410) is this prefix and the seed.
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key: KeyObject = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url');
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** Reads SSH's wire encoding; throws RangeError beyond the end. */
class Reader {
  #position = 0;
  constructor(readonly bytes: Buffer) {}

  take(length: number): Buffer {
    if (this.#position + length > this.bytes.length) throw new RangeError('truncated');
    this.#position += length;
    return this.bytes.subarray(this.#position - length, this.#position);
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.uint32());
  }
}
