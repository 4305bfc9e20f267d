import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { createCleartextMessage, generateKey, type PrivateKey, sign } from 'openpgp';
import { flatcar } from '../definitions/flatcar.js';
import type { ImageDefinition, ReleaseSource } from '../image-definition.js';
import { sha256 } from '../test-support.js';

/** For tests: a key pair as a publisher has one, with a subkey for signing, made an hour ago. */
export async function publisherKey(options: { date?: Date; keyExpirationTime?: number } = {}): Promise<PrivateKey> {
  const { privateKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'Test Buildbot' }],
    subkeys: [{ sign: true }],
    format: 'object',
    date: new Date(Date.now() - 3_600_000),
    ...options,
  });
  return privateKey;
}

export async function clearSign(text: string, key: PrivateKey, date = new Date()): Promise<string> {
  return sign({ message: await createCleartextMessage({ text }), signingKeys: key, date });
}

/** A list of digests as Flatcar's builders write it. */
export function digestList(name: string, content: Uint8Array): string {
  const line = (algorithm: string) => `${createHash(algorithm).update(content).digest('hex')}  ${name}\n`;
  return ['md5', 'sha1', 'sha512'].map((each) => `# ${each.toUpperCase()} HASH\n${line(each)}`).join('');
}

/** Made once: an RSA key takes a moment. */
export function updateKeyPair(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** An update payload with this in the place of its blocks, signed as update-engine wants it. */
export function updatePayload(blocks: Buffer, privateKey: KeyObject, version = 2): Buffer {
  const signatureBlob = (data: Buffer) => group(1, Buffer.concat([number(1, version), group(2, data)]));
  const length = signatureBlob(Buffer.alloc(256)).length;
  const manifest = Buffer.concat([
    group(1, Buffer.from('an operation')),
    number(3, 4096),
    number(4, blocks.length),
    number(5, length),
  ]);
  const head = Buffer.alloc(20);
  head.write('CrAU');
  head.writeBigUInt64BE(1n, 4);
  head.writeBigUInt64BE(BigInt(manifest.length), 12);
  const signed = Buffer.concat([head, manifest, blocks]);
  return Buffer.concat([signed, signatureBlob(createSign('RSA-SHA256').update(signed).sign(privateKey))]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function group(field: number, data: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);
}

/** A mirror: a directory with one version in it, small files of the right names, signed by a key of its own. */
export interface Mirror {
  directory: string;
  version: string;
  /** What is in the files of the image, by their published names. */
  contents: Map<string, Buffer>;
  path(name: string): string;
  /** Signs a list of digests anew. */
  sign(name: string, options?: { text?: string; key?: PrivateKey; date?: Date }): Promise<void>;
}

export async function makeMirror(
  directory: string,
  parts: { version: string; channel: string; key: PrivateKey; updateKey: KeyObject; packed: Buffer },
): Promise<Mirror> {
  const { version, channel, key, updateKey, packed } = parts;
  const folder = (shelf: string) => join(directory, shelf, 'amd64-usr', version);
  const contents = new Map<string, Buffer>();
  for (const { file, packed: suffix = '', proof } of Object.values(flatcar.artefacts)) {
    const name = `${file}${suffix}`;
    if (suffix !== '') contents.set(name, packed);
    else if (proof === 'payload') contents.set(name, updatePayload(randomBytes(20_000), updateKey));
    else contents.set(name, Buffer.concat([Buffer.from(`${name} ${version}\n`), randomBytes(50_000)]));
  }
  const shelfOf = (name: string) => (name === 'flatcar_production_update.gz' ? 'update' : channel);
  const mirror: Mirror = {
    directory,
    version,
    contents,
    path: (name) => join(folder(shelfOf(name)), name),
    async sign(name, { text = digestList(name, contents.get(name) ?? Buffer.alloc(0)), key: by = key, date } = {}) {
      await writeFile(`${mirror.path(name)}.DIGESTS.asc`, await clearSign(text, by, date));
    },
  };
  for (const [name, content] of contents) {
    await mkdir(dirname(mirror.path(name)), { recursive: true });
    await writeFile(mirror.path(name), content);
    if (shelfOf(name) === 'update') await writeFile(`${mirror.path(name)}.sha256`, `${sha256(content)}  ${name}\n`);
    else await mirror.sign(name);
  }
  const text = `FLATCAR_BUILD=${version.split('.')[0]}\nFLATCAR_VERSION=${version}\nFLATCAR_VERSION_ID=${version}\nFLATCAR_BUILD_ID=""\n`;
  await mkdir(join(directory, channel, 'amd64-usr', 'current'), { recursive: true });
  for (const place of ['current', version])
    await writeFile(join(directory, channel, 'amd64-usr', place, 'version.txt'), text);
  return mirror;
}

/** Flatcar as it would be if it were published from here, under these keys. */
export function publishedFrom(directory: string, keys: { fingerprint: string; updateKey: string }): ImageDefinition {
  const release = flatcar.release as ReleaseSource;
  return {
    ...flatcar,
    release: {
      ...release,
      shelf: (name) => join(directory, name),
      imageKey: { ...release.imageKey, url: join(directory, 'official.asc'), fingerprint: keys.fingerprint },
      updateKey: { ...release.updateKey, url: join(directory, 'official.pem'), sha256: keys.updateKey },
    },
  };
}

export type Answer = (response: ServerResponse, content: Buffer, request: IncomingMessage) => void;

/** As web servers do it: the whole, or what a range asks for. */
export const whole: Answer = (response, content, request) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start > 0 && start >= content.length) return void response.writeHead(416).end();
  const part = content.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': part.length }).end(part);
};

/** A web server over a directory. `answers` by the end of a path differ from `whole`, one after the other. */
export class MirrorServer {
  readonly requests: string[] = [];
  readonly answers = new Map<string, Answer[]>();
  private readonly server: Server;

  constructor(private readonly directory: string) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://mirror');
    this.requests.push(`${pathname.slice(1)}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`);
    const content = await readFile(join(this.directory, pathname)).catch(() => undefined);
    if (content === undefined) return void response.writeHead(404).end('<h1>not here</h1>');
    const own = [...this.answers].find(([end]) => pathname.endsWith(end))?.[1].shift();
    (own ?? whole)(response, content, request);
  }
}
