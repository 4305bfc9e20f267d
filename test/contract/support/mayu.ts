import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { containerRecipes } from '../../../src/engine/containers/container-recipes.js';
import { createContainerStore } from '../../../src/engine/containers/create-container-store.js';
import { createExec } from '../../../src/engine/exec-process.js';
import { labPaths } from '../../../src/engine/state/paths.js';

const PROVISION = join(import.meta.dirname, '../../../provision');

/** How to run something with another root directory: as root, or as root of a user namespace of one's own. */
export async function chrootCommand(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return ['chroot'];
  const asUser = ['unshare', '--user', '--map-root-user', 'chroot'];
  const { exitCode } = await execa('unshare', [...asUser.slice(1), '/', 'true'], { reject: false });
  return exitCode === 0 ? asUser : undefined;
}

export interface MayuConfig {
  /** config.yaml, with BIND_ADDR etc. filled in already. */
  config: string;
  ignition: string;
  dnsmasq: string;
  /** Folder of folders, as --files-dir wants it. */
  files?: string;
}

/** The image's real content, unpacked, and the programs in it. */
export class MayuImage {
  private constructor(
    readonly root: string,
    private readonly chroot: string[],
    readonly configuration: { config: { Entrypoint: string[]; Cmd: string[]; WorkingDir: string } },
    readonly tags: string[],
  ) {}

  /** From the user's cache, where it is built if it is not there. */
  static async unpack(chroot: string[]): Promise<MayuImage> {
    const { cacheDirectory } = labPaths('contract', process.env);
    const events = { emit: () => {} };
    await mkdir(cacheDirectory, { recursive: true });
    const store = createContainerStore({
      exec: createExec(events),
      events,
      cacheDirectory,
      recipe: containerRecipes(PROVISION).mayu,
    });
    const { file } = await store.build('1.3.0');
    const work = await mkdtemp(join(tmpdir(), 'mayu-image-'));
    await mkdir(join(work, 'archive'));
    await execa('tar', ['-C', join(work, 'archive'), '-xf', file]);
    const json = async (name: string) => JSON.parse(await readFile(join(work, 'archive', name), 'utf8'));
    const [{ Config, RepoTags, Layers }] = await json('manifest.json');
    const root = join(work, 'root');
    await mkdir(root);
    for (const layer of Layers) await execa('tar', ['-C', root, '-xf', join(work, 'archive', layer)]);
    // A container engine puts devices there; files are enough for these tests.
    await writeFile(join(root, 'dev', 'null'), '');
    await writeFile(join(root, 'dev', 'urandom'), randomBytes(4096));
    return new MayuImage(root, chroot, await json(Config), RepoTags);
  }

  run(...args: string[]) {
    const [program = '', ...rest] = [...this.chroot, this.root, ...args];
    return execa(program, rest, { reject: false, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
  }

  spawn(...args: string[]): ChildProcess {
    const [program = '', ...rest] = [...this.chroot, this.root, ...args];
    return spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  dispose(): Promise<void> {
    return rm(join(this.root, '..'), { recursive: true, force: true });
  }
}

/** Mayu out of the image, on free loopback ports, with a dnsmasq that only writes down how it was called. */
export class RunningMayu {
  output = '';

  private constructor(
    private readonly image: MayuImage,
    private readonly process: ChildProcess,
    readonly api: string,
    readonly pxe: string,
  ) {}

  /** With the directories of the last one: what Mayu knew then it knows again. */
  static async start(image: MayuImage, { config, ignition, dnsmasq, files }: MayuConfig): Promise<RunningMayu> {
    const home = join(image.root, 'var/lib/mayu');
    for (const name of ['cluster', 'images', 'files', 'fileserver', 'templates'])
      await mkdir(join(home, name), { recursive: true });
    await writeFile(join(home, 'config.yaml'), config);
    await writeFile(join(home, 'templates/ignition.yaml'), ignition);
    await writeFile(join(home, 'templates/dnsmasq.conf'), dnsmasq);
    if (files !== undefined) await cp(files, join(home, 'files'), { recursive: true });
    await writeFile(join(home, 'dnsmasq'), '#!/bin/sh\necho "$*" >> /var/lib/mayu/dnsmasq.log\nexec sleep 600\n', {
      mode: 0o755,
    });
    const [apiPort, pxePort] = [await freePort(), await freePort()];
    // As provision/mayu/start starts it.
    const process = image.spawn(
      ...['/mayu', '--no-tls', '--console-tty', '--http-bind-address', '127.0.0.1'],
      ...['--api-port', String(apiPort), '--pxe-port', String(pxePort), '--dnsmasq', '/var/lib/mayu/dnsmasq'],
      ...['--config', '/var/lib/mayu/config.yaml', '--cluster-directory', '/var/lib/mayu/cluster'],
      ...['--images-cache-dir', '/var/lib/mayu/images', '--files-dir', '/var/lib/mayu/files'],
      ...['--ignition-config', '/var/lib/mayu/templates/ignition.yaml', '--tftproot', '/usr/lib/mayu/tftproot'],
      ...[
        '--dnsmasq-template',
        '/var/lib/mayu/templates/dnsmasq.conf',
        '--file-server-path',
        '/var/lib/mayu/fileserver',
      ],
    );
    const mayu = new RunningMayu(image, process, `http://127.0.0.1:${apiPort}`, `http://127.0.0.1:${pxePort}`);
    for (const stream of [process.stdout, process.stderr])
      stream?.on('data', (chunk: Buffer) => {
        mayu.output += chunk;
      });
    for (let tries = 0; tries < 200; tries++) {
      if (process.exitCode !== null) break;
      if ((await mayu.answers(mayu.api)) && (await mayu.answers(`${mayu.pxe}/ipxebootscript`))) return mayu;
      await sleep(100);
    }
    await mayu.stop();
    throw new Error(`Mayu did not start:\n${mayu.output}`);
  }

  private answers(url: string): Promise<boolean> {
    return fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** What a machine gets that asks with this serial. */
  async ignition(serial: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.pxe}/ignition?uuid=u-${serial}&serial=${serial}`);
    return { status: response.status, text: await response.text() };
  }

  async hosts(): Promise<
    Record<string, { State: string; Profile: string; InternalAddr: string; FlatcarVersion?: string }>
  > {
    const all = (await (await fetch(`${this.api}/admin/hosts`)).json()) as ({ Serial: string } & Record<
      string,
      string
    >)[];
    return Object.fromEntries(all.map((host) => [host.Serial, host])) as never;
  }

  bootComplete(serial: string, version: string): Promise<Response> {
    const body = JSON.stringify({ FlatcarVersion: version });
    return fetch(`${this.api}/admin/host/${serial}/boot_complete`, { method: 'PUT', body });
  }

  dnsmasqCalls(): Promise<string> {
    return readFile(join(this.image.root, 'var/lib/mayu/dnsmasq.log'), 'utf8');
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const gone = new Promise((resolve) => this.process.once('exit', resolve));
      this.process.kill('SIGTERM');
      await Promise.race([gone, sleep(3000)]);
      this.process.kill('SIGKILL');
    }
  }

  /** Forgets all machines; for the next start. */
  static async forget(image: MayuImage): Promise<void> {
    const home = join(image.root, 'var/lib/mayu');
    for (const name of await readdir(home)) await rm(join(home, name), { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
