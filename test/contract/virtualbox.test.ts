import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExec } from '../../src/engine/exec-process.js';
import { readPcap } from '../../src/engine/network/pcap.js';
import { HOST } from '../../src/engine/providers/virtualbox/test-support.js';
import { describeProvider } from './provider.js';
import { MARKER } from './support/boot-sector.js';
import { until } from './support/peer.js';
import { Station } from './support/station.js';
import { createVirtualBoxHarness, installVirtualBox, type VirtualBoxHarness } from './support/virtualbox-harness.js';

const installed = installVirtualBox();
if ('reason' in installed) console.log(`VirtualBox: skipped, since it cannot be installed here: ${installed.reason}`);
const root = 'root' in installed ? installed.root : '';

const TEMPLATE = join(import.meta.dirname, '../../provision/mayu/templates/dnsmasq.conf');
const PROVISIONER = { mac: '08:00:27:8e:15:01', ip: '192.168.2.2' };

describe.skipIf('reason' in installed)('a real VirtualBox', () => {
  describeProvider('virtualbox', () => createVirtualBoxHarness(root));

  describe('virtualbox in particular', () => {
    let harness: VirtualBoxHarness;
    beforeEach(async () => {
      harness = await createVirtualBoxHarness(root);
    });
    afterEach(() => harness?.dispose());

    it('boots a blank machine over the tunnel: its own iPXE, a better one by TFTP, then the script by HTTP', async () => {
      const { provider, directory } = harness;
      const spec = await harness.spec('m1', { blank: true });
      const station = await Station.start({
        directory: join(directory, 'net'),
        name: 'provisioner',
        ...PROVISIONER,
        dnsmasq: dnsmasqLines(join(directory, 'net', 'tftp')),
        program: SERVER,
      });
      try {
        mkdirSync(join(directory, 'net', 'tftp'));
        copyFileSync(join(root, 'usr/lib/ipxe/undionly.kpxe'), join(directory, 'net', 'tftp', 'undionly.kpxe'));
        await provider.wire.add({ name: 'provisioner', path: station.socket });
        await until('the switch is connected', async () =>
          Boolean(
            (await provider.wire.statistics())?.ports.some(
              ({ name, connected }) => name === 'provisioner' && connected,
            ),
          ),
        );
        await station.go();
        await provider.create(spec);
        await provider.start(spec);
        const asked = () => station.log('requests').split('\n');
        await until('the script ran', () => asked().some((line) => line.startsWith('/seen')), 280_000);
        // Its own iPXE has no HTTP and got the other one; that one asked again and got the script.
        const log = station.log('dnsmasq.log');
        expect(log).toMatch(/sent .*undionly\.kpxe to 192\.168\.2\.1\d/);
        expect(log.match(/DHCPACK/g)?.length).toBeGreaterThanOrEqual(2);
        expect(log).toMatch(/bootfile-name +undionly\.kpxe/);
        // Mayu keys machines on the serial number that the firmware reports.
        expect(asked()).toEqual(
          expect.arrayContaining(['/ipxebootscript', `/seen?serial=${spec.serial}&uuid=${spec.uuid}`]),
        );
        await provider.wire.flush();
        const frames = readPcap(readFileSync(join(harness.labDirectory, 'wire.pcap')));
        expect(frames.some(({ frame }) => frame.includes('#!ipxe'))).toBe(true);
        expect(frames.some(({ frame }) => frame.includes('PXEClient:Arch:00000:UNDI:002001'))).toBe(true);
      } finally {
        await station.stop();
        await provider.wire.remove('provisioner');
      }
    });

    it('asks VirtualBox once for the states of all machines', async () => {
      const { provider, events } = harness;
      const names = ['m1', 'm2', 'm3', 'm4'];
      for (const name of names) await provider.create(await harness.spec(name, { blank: true }));
      events.length = 0;
      const started = Date.now();
      expect([...(await provider.states(names)).values()]).toEqual(Array(4).fill('poweroff'));
      expect(Date.now() - started).toBeLessThan(3000);
      // Polling does not flood the command log.
      expect(events.filter(({ type }) => type === 'command')).toEqual([]);
    });

    it('leaves nothing in VirtualBox when its machines are destroyed', async () => {
      const { provider } = harness;
      for (const name of ['m1', 'm2']) {
        const spec = await harness.spec(name);
        await provider.create(spec);
        await provider.save([name], 'first');
      }
      expect(harness.vbox('list', 'vms').trim().split('\n')).toHaveLength(2);
      for (const name of ['m1', 'm2']) await provider.destroy(name);
      for (const what of ['vms', 'hdds', 'dvds']) expect(harness.vbox('list', what).trim(), what).toBe('');
      expect(existsSync(join(harness.directory, 'base.1GiB.vdi'))).toBe(true);
    });

    it('makes a machine anew that was half made, or taken out of VirtualBox by hand', async () => {
      const { provider } = harness;
      const spec = await harness.spec('m1');
      // With a disk that no machine has yet; then wherever the axe falls.
      const stopped = new AbortController();
      const exec = createExec({
        emit: (event) =>
          event.type === 'command' && / createmedium /.test(event.line) && stopped.abort(new Error('stop')),
      });
      await expect(harness.provide({ exec }).create(spec, { signal: stopped.signal })).rejects.toThrow('stop');
      for (const milliseconds of [50, 100, 150, 200, 300, 600]) {
        await provider.create(spec, { signal: AbortSignal.timeout(milliseconds) }).catch(() => {});
      }
      await provider.create(spec);
      harness.vbox('unregistervm', harness.uuid('m1'));
      expect((await provider.states(['m1'])).get('m1')).toBe('not_created');
      await provider.create(spec);
      await provider.start(spec);
      await until('marker', () => readFileSync(provider.console('m1').logFile, 'latin1').includes(MARKER), 120_000);
      expect(harness.vbox('list', 'vms').trim().split('\n')).toHaveLength(1);
    });

    it('refuses a name that somebody else’s machine has', async () => {
      harness.vbox('createvm', '--name', 'lab-m1', '--basefolder', join(harness.directory, 'foreign'), '--register');
      await expect(harness.provider.create(await harness.spec('m1'))).rejects.toMatchObject({
        code: 'MACHINE_NAME_TAKEN',
        message: expect.stringContaining('lab-m1'),
      });
      harness.vbox('unregistervm', 'lab-m1', '--delete');
    });

    it('goes on with a new switch when the old one was killed, console included', async () => {
      const { provider } = harness;
      const spec = await harness.spec('m1');
      await provider.create(spec);
      await provider.start(spec);
      await until('marker', () => readFileSync(provider.console('m1').logFile, 'latin1').includes(MARKER), 120_000);
      const { pid } = await provider.wire.ensureRunning();
      process.kill(pid, 'SIGKILL');
      await provider.start(spec);
      await until('connected again', async () => (await provider.wire.statistics())?.ports[0]?.connected === true);
      const stream = await provider.console('m1').attach();
      let heard = '';
      stream.on('data', (chunk) => {
        heard += String(chunk);
      });
      stream.write('back');
      await until('an answer', () => heard === 'back');
      stream.destroy();
    });

    it('starts a machine with a config drive', async () => {
      const { provider, directory } = harness;
      const ignitionFile = join(directory, "it's here.ign");
      writeFileSync(ignitionFile, '{"ignition":{"version":"3.4.0"}}');
      const spec = { ...(await harness.spec('m1')), ignitionFile };
      await provider.create(spec);
      await provider.start(spec);
      const info = harness.vbox('showvminfo', harness.uuid('m1'), '--machinereadable');
      expect(info).toMatch(/"disks-1-0"=".*config\.viso"/);
    });

    it('keeps everything private', async () => {
      const { provider, labDirectory, runtimeDirectory } = harness;
      const spec = await harness.spec('m1');
      await provider.create(spec);
      await provider.start(spec);
      expect(statSync(join(labDirectory, 'machines', 'm1')).mode & 0o077).toBe(0);
      expect(statSync(runtimeDirectory).mode & 0o077).toBe(0);
      const listening = (kind: string) =>
        execFileSync('ss', [`-ln${kind}pH`], { encoding: 'utf8' })
          .split('\n')
          .filter((line) => line.includes(`pid=${harness.pid('m1')},`))
          .map((line) => line.trim().split(/\s+/)[3]);
      expect(listening('t')).toEqual([`127.0.0.1:${spec.uplink?.sshPort}`]);
      // The tunnel is VirtualBox's own, and on all addresses: docs/providers.md says so.
      const file = join(labDirectory, 'machines', 'm1', 'virtualbox.json');
      const { tunnel } = JSON.parse(readFileSync(file, 'utf8'));
      expect(listening('u')).toEqual([`0.0.0.0:${tunnel.machine}`]);
    });

    it('says why a machine does not start where the driver is missing', async () => {
      const spec = await harness.spec('m1', { blank: true });
      await harness.provider.create(spec);
      const bare = harness.provide({ host: { ...HOST, driver: async () => 'missing' } });
      await expect(bare.start(spec)).rejects.toMatchObject({ code: 'VIRTUALBOX_DRIVER', exitCode: 2 });
      // And where it vanished since it was looked for.
      let driver: 'loaded' | 'missing' = 'loaded';
      const vanishing = harness.provide({ host: { ...HOST, driver: async () => driver } });
      await vanishing.probe();
      driver = 'missing';
      process.env.VBOX_TEST_STARTVM = 'real';
      try {
        await expect(vanishing.start(spec)).rejects.toMatchObject({ code: 'VIRTUALBOX_DRIVER' });
        expect((await vanishing.states(['m1'])).get('m1')).toBe('poweroff');
      } finally {
        delete process.env.VBOX_TEST_STARTVM;
      }
    });

    it('says that a host-only network needs another driver', async () => {
      const hostOnly = harness.provide({ network: { mode: 'host-only', cidr: '192.168.56.0/24' } });
      await expect(hostOnly.create(await harness.spec('m1'))).rejects.toMatchObject({ code: 'HOSTONLY_DRIVER' });
    });
  });
});

/** Mayu's template, filled in as Mayu does, for the station's card. */
function dnsmasqLines(tftp: string): string[] {
  const values: Record<string, string> = {
    '.Network.PXE.PxeInterface.InterfaceName': 'tap0',
    '.Network.BindAddr': PROVISIONER.ip,
    '.Network.PXE.PxeInterface.IPRange.Start': '192.168.2.10',
    '.Network.PXE.PxeInterface.IPRange.End': '192.168.2.20',
    '.Network.PXE.PxeInterface.SubnetGateway': PROVISIONER.ip,
    '.Global.TFTPRoot': tftp,
    '.Global.PXEPort': '4081',
  };
  const text = readFileSync(TEMPLATE, 'utf8')
    .replace('{{if .Network.UEFI}}ipxe.efi{{else}}undionly.kpxe{{end}}', 'undionly.kpxe')
    .replace('{{range $dns := .Network.PrimaryNIC.DNS}},{{$dns}}{{end}}', `,${PROVISIONER.ip}`)
    .replace(/\{\{([^}]*)\}\}/g, (word, key) => values[key] ?? word);
  expect(text).not.toContain('{{');
  return text
    .split('\n')
    .filter((line) => !/^(resolv-file|interface|bind-interfaces|no-hosts|no-ping|log-dhcp)\b/.test(line));
}

/** Serves the script, which reports what the firmware says of the machine; writes down what was asked for. */
const SERVER = `
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
const script = '#!ipxe\\nimgfetch http://192.168.2.2:4081/seen?serial=\${serial}&uuid=\${uuid} ||\\nshell\\n';
createServer((request, response) => {
  appendFileSync(process.argv[2] + '/provisioner.requests', request.url + '\\n');
  response.end(request.url === '/ipxebootscript' ? script : 'seen');
}).listen(4081, '192.168.2.2');
`;
