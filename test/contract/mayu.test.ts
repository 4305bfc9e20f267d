import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/engine/config/check.js';
import { defaultLabConfig } from '../../src/engine/config/defaults.js';
import { createExec } from '../../src/engine/exec-process.js';
import { ensureLabKeys } from '../../src/engine/keys/keys.js';
import { localSsh, TARGET } from '../../src/engine/lab/local-ssh-test-support.js';
import { writeMayuHosts } from '../../src/engine/lab/mayu-hosts.js';
import type { LabParts } from '../../src/engine/lab/parts.js';
import { chrootCommand, type MayuConfig, MayuImage, RunningMayu } from './support/mayu.js';

const OWN = join(import.meta.dirname, '../../provision/mayu');
const NODES = defaultLabConfig().machines.filter(({ role }) => role === 'node');
const SERIALS = NODES.map(({ serial }) => serial);
const chroot = await chrootCommand();
if (chroot === undefined)
  console.log('Mayu: skipped, since this user may not change the root directory (needs root or user namespaces)');

/** The least that Mayu takes. */
const SMALL: MayuConfig = {
  config: `default_flatcar_version: "1.0.0"
network:
  bind_addr: "127.0.0.1"
  pxe: { enabled: true, pxe_interface: { interface_name: lo, ip_range: { start: 192.168.2.10, end: 192.168.2.20 } } }
  primary_nic: { ip_range: { start: 192.168.2.21, end: 192.168.2.24 }, subnet_size: "24" }
profiles: [{ name: core, quantity: 3 }]
templates_env: { mayu_https_endpoint: "http://127.0.0.1:4080" }
`,
  ignition: `ignition: { version: "3.3.0" }
storage:
  files:
    - { path: /etc/hostname, mode: 420, contents: { source: "data:,{{.Host.Hostname}}" } }
`,
  dnsmasq: 'interface={{.Network.PXE.PxeInterface.InterfaceName}}\n',
};

/** provision/mayu with the values of the default lab, as its `configure` fills them in. */
async function ownConfig(): Promise<MayuConfig> {
  const values: Record<string, string> = {
    IMAGE: 'labos',
    IMAGE_VERSION: '1.0.0',
    PROVISIONER_IP: '192.168.2.2',
    PRIVATE_CARD: 'eth1',
    PRIVATE_GATEWAY: '192.168.2.2',
    PRIVATE_PREFIX: '24',
    BOOT_POOL_START: '192.168.2.10',
    BOOT_POOL_END: '192.168.2.20',
    NODE_POOL_START: '192.168.2.21',
    NODE_POOL_END: '192.168.2.30',
    SSH_KEY: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA lab',
  };
  const text = (name: string) => readFile(join(OWN, name), 'utf8');
  const config = (await text('config.yaml')).replace(/@([A-Z_]+)@/g, (word, name) => values[name] ?? word);
  expect(config.replace(/#.*/g, '')).not.toMatch(/@[A-Z_]+@/);
  return {
    config,
    ignition: await text('templates/ignition.yaml'),
    dnsmasq: await text('templates/dnsmasq.conf'),
    files: join(OWN, 'files'),
  };
}

interface Rendered {
  storage: { files: { path: string; contents: { source: string } }[] };
  systemd: { units: { name: string }[] };
}

describe.skipIf(chroot === undefined)('Mayu out of its image', () => {
  let image: MayuImage;
  let mayu: RunningMayu | undefined;
  beforeAll(async () => {
    image = await MayuImage.unpack(chroot ?? []);
  }, 900_000);
  afterAll(() => image?.dispose());
  beforeEach(() => RunningMayu.forget(image));
  afterEach(async () => {
    await mayu?.stop();
    mayu = undefined;
  });
  async function start(config: MayuConfig): Promise<RunningMayu> {
    // Members of the cluster are static; a token spares Mayu the etcd where it would keep one.
    await mkdir(join(image.root, 'var/lib/mayu/cluster'), { recursive: true });
    const cluster = { Config: { DefaultEtcdClusterToken: 'static' } };
    await writeFile(join(image.root, 'var/lib/mayu/cluster/cluster.json'), JSON.stringify(cluster));
    mayu = await RunningMayu.start(image, config);
    return mayu;
  }

  describe('the image', () => {
    test('is tagged, starts Mayu, and does not fail without arguments', async () => {
      expect(image.tags).toEqual(['coreos-lab/mayu:1.3.0']);
      const { Entrypoint, Cmd, WorkingDir } = image.configuration.config;
      expect([Entrypoint, WorkingDir]).toEqual([['/mayu'], '/usr/lib/mayu']);
      const { exitCode, stderr } = await image.run(...Entrypoint, ...Cmd);
      // Upstream never raised the number in the program.
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('Mayu version:  1.1.0') });
    });

    test.each([
      ['dnsmasq', ['/usr/sbin/dnsmasq', '--version'], /^Dnsmasq version 2\./],
      ['git', ['/usr/bin/git', '--version'], /^git version 2\./],
      ['a shell', ['/bin/sh', '-c', 'ls /usr/lib/mayu/tftproot | sort | xargs'], /^ipxe\.efi undionly\.kpxe$/],
    ])('has %s, with all libraries', async (_what, command, expected) => {
      const { stdout, stderr, exitCode } = await image.run(...command);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toMatch(expected);
    });

    test('git keeps a history of the cluster directory', async () => {
      const script = `cd /var/lib/mayu && git init -q . && echo x > conf.json && git add . &&
        git -c user.name=lab -c user.email=lab@localhost commit -qm 'first' && git log --format=%s`;
      expect(await image.run('/bin/sh', '-c', script)).toMatchObject({ exitCode: 0, stdout: 'first' });
    });

    test('has licences of all its parts', async () => {
      const { stdout } = await image.run('/bin/sh', '-c', 'cd /usr/share/doc && ls */copyright | wc -l');
      const pinned = (await readFile(join(OWN, 'image/packages.pinned'), 'utf8')).trim().split('\n');
      expect(Number(stdout)).toBe(pinned.length + 1);
    });
  });

  describe('what it does', () => {
    test('the boot script leads machines to kernel, initial RAM disk and configuration', async () => {
      const { pxe } = await start(SMALL);
      const script = await (await fetch(`${pxe}/ipxebootscript`)).text();
      const [head, ...lines] = script.split('\n');
      expect(head).toBe('#!ipxe');
      expect(lines[0]).toBe('dhcp');
      expect(script).toMatch(/^kernel http:\/\/127\.0\.0\.1:\d+\/images\/vmlinuz .*console=ttyS0/m);
      // biome-ignore lint/suspicious/noTemplateCurlyInString: iPXE replaces them
      expect(script).toContain('/ignition?uuid=${uuid}&serial=${serial}');
      expect(script).toMatch(/^initrd http:\/\/127\.0\.0\.1:\d+\/images\/initrd\.cpio\.gz$/m);
      expect(lines.at(-1) || lines.at(-2)).toBe('boot');
    });

    test('machines go from installing to running; three are core, who comes later is default', async () => {
      const running = await start(SMALL);
      expect(await running.hosts()).toEqual({});
      for (const serial of [...SERIALS, 'fourth']) expect((await running.ignition(serial)).status).toBe(200);
      const hosts = await running.hosts();
      expect(
        Object.entries(hosts)
          .map(([serial, { State, Profile, InternalAddr }]) => [serial, State, Profile, InternalAddr])
          .sort(),
      ).toEqual([
        [SERIALS[0], 'installing', 'core', '192.168.2.21'],
        [SERIALS[1], 'installing', 'core', '192.168.2.22'],
        [SERIALS[2], 'installing', 'core', '192.168.2.23'],
        ['fourth', 'installing', 'default', '192.168.2.24'],
      ]);
      expect((await running.bootComplete(SERIALS[0] ?? '', '1.0.0')).status).toBe(202);
      expect((await running.hosts())[SERIALS[0] ?? '']).toMatchObject({ State: 'running', FlatcarVersion: '1.0.0' });
      expect((await running.bootComplete('nobody', '1.0.0')).status).toBe(400);
      // It comes again: the same machine with the same address, not another one.
      await running.ignition((SERIALS[0] ?? '').toUpperCase());
      expect((await running.hosts())[SERIALS[0] ?? '']).toMatchObject({
        State: 'installing',
        InternalAddr: '192.168.2.21',
      });
    });

    test('what it knows survives its end', async () => {
      const first = await start(SMALL);
      await first.ignition('a');
      await first.bootComplete('a', '1.0.0');
      await first.stop();
      mayu = await RunningMayu.start(image, SMALL);
      expect(await mayu.hosts()).toMatchObject({ a: { State: 'running', InternalAddr: '192.168.2.21' } });
    });

    test('dnsmasq is started with the configuration of the template', async () => {
      const running = await start(SMALL);
      expect(await running.dnsmasqCalls()).toContain('-k -d --conf-file=/tmp/dnsmasq.mayu.conf');
      expect(await readFile(join(image.root, 'tmp/dnsmasq.mayu.conf'), 'utf8')).toBe('interface=lo\n');
    });
  });

  describe('known faults of Mayu, which the lab keeps away from:', () => {
    test('it gives out addresses beyond its range; a lab with more nodes than addresses is refused', async () => {
      const running = await start(SMALL);
      for (const serial of ['a', 'b', 'c', 'd', 'e']) await running.ignition(serial);
      expect((await running.hosts()).e?.InternalAddr).toBe('192.168.2.25');
      const config = defaultLabConfig();
      config.network.nodePool = { start: '192.168.2.21', end: '192.168.2.22' };
      expect(checkConfig(config)).toContainEqual(expect.objectContaining({ path: ['network', 'nodePool'] }));
    });

    test('it breaks the connection off where the image is missing; sent whole, kernel and RAM disk come as they are', async () => {
      const { pxe } = await start(SMALL);
      await expect(fetch(`${pxe}/images/vmlinuz`)).rejects.toThrow('fetch failed');
      const folder = join(image.root, 'var/lib/mayu/images/1.0.0');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'flatcar_production_pxe.vmlinuz'), 'kernel');
      await writeFile(join(folder, 'flatcar_production_pxe_image.cpio.gz'), 'ram disk');
      expect(await (await fetch(`${pxe}/images/vmlinuz`)).text()).toBe('kernel');
      expect(await (await fetch(`${pxe}/images/initrd.cpio.gz`)).text()).toBe('ram disk');
    });

    test('it gives out files from a folder of its own only: nodes find there the image that they install', async () => {
      const { api } = await start(SMALL);
      const folder = join(image.root, 'var/lib/mayu/images/1.0.0');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'SHA256SUMS'), 'sums');
      // As provision/mayu/configure does it.
      await symlink('../images', join(image.root, 'var/lib/mayu/fileserver/images'));
      expect(await (await fetch(`${api}/fileserver/images/1.0.0/SHA256SUMS`)).text()).toBe('sums');
      expect((await fetch(`${api}/fileserver/images/1.0.0/other`)).status).toBe(404);
    });

    test('machines with one serial are one machine to it; a lab with equal serials is refused', async () => {
      const running = await start(SMALL);
      await running.ignition('0');
      await running.ignition('0');
      expect(Object.keys(await running.hosts())).toEqual(['0']);
      const config = defaultLabConfig();
      config.machines = config.machines.map((machine) => ({ ...machine, serial: 'same' }));
      expect(checkConfig(config).some(({ path }) => path.includes('serial'))).toBe(true);
    });
  });

  describe("with the lab's own configuration", () => {
    let work: string;
    beforeEach(async () => {
      work = await mkdtemp(join(tmpdir(), 'mayu-own-'));
    });
    afterEach(() => rm(work, { recursive: true, force: true }));

    /** Bound to loopback here, and to the private network there. */
    const onLoopback = ({ config, ...rest }: MayuConfig) => ({
      ...rest,
      config: config.replace('bind_addr: "192.168.2.2"', 'bind_addr: "127.0.0.1"'),
    });

    test('each node gets a valid configuration with its own name and keys; an unknown machine gets one too', async () => {
      const keys = await ensureLabKeys(
        join(work, 'keys'),
        NODES.map(({ name }) => name),
      );
      const ssh = (await localSsh(createExec({ emit: () => {} }), work)) as LabParts['ssh'];
      const folder = join(image.root, 'var/lib/mayu/files');
      await writeMayuHosts({ ssh }, TARGET, NODES, keys, { folder });
      const running = await start(onLoopback(await ownConfig()));
      for (const [index, { name, serial }] of NODES.entries()) {
        const config = await valid(running, serial);
        expect(config.file('/etc/hostname')).toBe(`${name}\n`);
        expect(config.file('/etc/ssh/ssh_host_ed25519_key')).toBe(keys.host(name).privateKey);
        expect(config.units).toContain('etcd-member.service');
        expect(config.file('/etc/coreos-lab/node.env')).toContain(`NODE_IP=192.168.2.${21 + index}\n`);
        expect(config.file('/etc/coreos-lab/node.env')).toMatch(
          /^IMAGES_URL=http:\/\/127\.0\.0\.1:\d+\/fileserver\/images$/m,
        );
        expect(config.file('/etc/flatcar/update.conf')).toMatch(/^SERVER=http:\/\/[\d.]+:8000\/v1\/update\/$/m);
        expect(config.file('/opt/coreos-lab/slots')).toMatch(/^#!\/bin\/bash\n/);
      }
      const unknown = await valid(running, 'unheard-of');
      expect(unknown.file('/etc/hostname')).toBe('192-168-2-24');
      expect(unknown.units).not.toContain('etcd-member.service');
      expect(unknown.units).toContain('boot-complete.service');
    });

    async function valid(running: RunningMayu, serial: string) {
      const { status, text } = await running.ignition(serial);
      expect({ status, text }).toMatchObject({ status: 200 });
      const { exitCode, all } = await execa('ignition-validate', ['-'], { input: text, reject: false, all: true });
      expect({ exitCode, all }).toMatchObject({ exitCode: 0 });
      const config = JSON.parse(text) as Rendered;
      const files = config.storage.files;
      return {
        units: config.systemd.units.map(({ name }) => name),
        file: (path: string) => {
          const source = files.find((file) => file.path === path)?.contents.source ?? '';
          const [, base64, data = ''] = /^data:;?(base64)?,(.*)$/s.exec(source) ?? [];
          return base64 === undefined ? decodeURIComponent(data) : Buffer.from(data, 'base64').toString();
        },
      };
    }

    test('the real dnsmasq accepts what comes of the template', async () => {
      const { dnsmasq, ...rest } = await ownConfig();
      await start(onLoopback({ ...rest, dnsmasq }));
      const { exitCode, stderr } = await image.run('/usr/sbin/dnsmasq', '--test', '--conf-file=/tmp/dnsmasq.mayu.conf');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('syntax check OK') });
      const config = await readFile(join(image.root, 'tmp/dnsmasq.mayu.conf'), 'utf8');
      expect(config).toMatch(/^dhcp-range=192\.168\.2\.10,192\.168\.2\.20,/m);
      expect(config).toMatch(/ipxebootscript$/m);
    });
  });
});
