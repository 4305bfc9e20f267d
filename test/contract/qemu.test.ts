import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readPcap } from '../../src/engine/network/pcap.js';
import { describeProvider } from './provider.js';
import { MARKER } from './support/boot-sector.js';
import { until } from './support/peer.js';
import { createQemuHarness, isAlive, type QemuHarness } from './support/qemu-harness.js';

describeProvider('qemu', createQemuHarness);

describe('qemu in particular', () => {
  let harness: QemuHarness | undefined;
  afterEach(async () => {
    await harness?.dispose();
    harness = undefined;
  });

  it('carries the network boot of two blank machines over the private network and records it', async () => {
    harness = await createQemuHarness();
    const { provider, labDirectory } = harness;
    const specs = [await harness.spec('m1', { blank: true }), await harness.spec('m2', { blank: true })];
    for (const spec of specs) {
      await provider.create(spec);
      await provider.start(spec);
    }
    const pcap = join(labDirectory, 'wire.pcap');
    const discovers = () => (existsSync(pcap) ? readPcap(readFileSync(pcap)) : []).flatMap(dhcpDiscover);
    await until('both ask for an address', () => new Set(discovers()).size === 2, 120_000);
    expect(new Set(discovers())).toEqual(new Set(specs.map(({ privateNic }) => privateNic.mac)));
    const ports = (await provider.wire.statistics())?.ports;
    expect(ports?.every(({ connected, rxFrames, txFrames }) => connected && rxFrames > 0 && txFrames > 0)).toBe(true);
    const console = readFileSync(provider.console('m1').logFile, 'latin1');
    expect(console).toContain('iPXE');

    // The switch dies, machines notice nothing; the next start repairs it.
    const { pid } = await provider.wire.ensureRunning();
    process.kill(pid, 'SIGKILL');
    await until('killed', () => !isAlive(pid));
    await provider.start(specs[0] as (typeof specs)[0]);
    await until('both are back', async () => {
      const statistics = await provider.wire.statistics();
      return statistics?.ports.filter(({ connected }) => connected).length === 2;
    });

    // The last machine takes the switch with it.
    const again = (await provider.wire.ensureRunning()).pid;
    for (const { name } of specs) await provider.destroy(name);
    await until('switch ended', () => !isAlive(again));
  });

  it('says so when the disk is full, keeps the machine running and the older savepoint whole', async (context) => {
    const mount = mkdtempSync(join(tmpdir(), 'lab-full-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', mount], { stdio: 'ignore' });
    } catch {
      rmSync(mount, { recursive: true });
      return context.skip('a small disk cannot be mounted here (needs root)');
    }
    try {
      harness = await createQemuHarness({ labDirectory: join(mount, 'lab') });
      const { provider } = harness;
      const spec = await harness.spec('m1');
      await provider.create(spec);
      await provider.start(spec);
      await until('marker', () => readFileSync(provider.console('m1').logFile, 'latin1').includes(MARKER), 120_000);
      await provider.save(['m1'], 'good');
      const { bavail, bsize } = statfsSync(mount);
      writeFileSync(join(mount, 'ballast'), Buffer.alloc(bavail * bsize - 300_000));
      await expect(provider.save(['m1'], 'full')).rejects.toMatchObject({
        code: 'DISK_FULL',
        machine: 'm1',
        message: expect.stringContaining(mount),
      });
      expect((await provider.states(['m1'])).get('m1')).toBe('running');
      expect((await provider.savepoints(['m1'])).map(({ name }) => name)).toEqual(['good']);
      rmSync(join(mount, 'ballast'));
      await provider.restore([spec], 'good');
      const console = await provider.console('m1').attach();
      const heard: string[] = [];
      console.on('data', (chunk) => heard.push(String(chunk)));
      console.write('ok');
      await until('it lives', () => heard.join('') === 'ok');
      console.destroy();
    } finally {
      rmSync(join(mount, 'ballast'), { force: true });
      await harness?.dispose();
      harness = undefined;
      execFileSync('umount', [mount]);
      rmSync(mount, { recursive: true });
    }
  });

  it('clears away what an interrupted save left in the disks', async () => {
    harness = await createQemuHarness();
    const { provider, labDirectory } = harness;
    const spec = await harness.spec('m1');
    await provider.create(spec);
    const disk = join(labDirectory, 'machines', 'm1', 'disk.qcow2');
    const tags = () =>
      JSON.parse(execFileSync('qemu-img', ['info', '--output=json', '-U', disk], { encoding: 'utf8' })).snapshots.map(
        ({ name }: { name: string }) => name.split('.')[0],
      );
    await provider.save(['m1'], 'first');
    execFileSync('qemu-img', ['snapshot', '-c', 'half.1', disk]);
    await provider.save(['m1'], 'second');
    expect(tags()).toEqual(['first', 'second']);
    execFileSync('qemu-img', ['snapshot', '-c', 'half.2', disk]);
    await provider.start(spec);
    await provider.save(['m1'], 'second');
    expect(tags()).toEqual(['first', 'second']);
  });

  it('answers for the states of four machines in little time and leaves nothing open', async () => {
    harness = await createQemuHarness();
    const { provider } = harness;
    const names = ['m1', 'm2', 'm3', 'm4'];
    for (const name of names) {
      const spec = await harness.spec(name, { blank: true });
      await provider.create(spec);
      await provider.start(spec);
    }
    for (let i = 0; i < 50; i += 1) {
      expect([...(await provider.states(names)).values()]).toEqual(Array(4).fill('running'));
    }
    for (const name of names) await provider.destroy(name);
  });

  it('keeps everything private and shows what it ran', async () => {
    harness = await createQemuHarness();
    const { provider, labDirectory, runtimeDirectory, events } = harness;
    const spec = await harness.spec('m1');
    await provider.create(spec);
    await provider.start(spec);
    expect(statSync(join(labDirectory, 'machines', 'm1')).mode & 0o077).toBe(0);
    expect(statSync(runtimeDirectory).mode & 0o077).toBe(0);
    const listening = execFileSync('ss', ['-ltnpH'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(`pid=${harness?.pid('m1')},`));
    expect(listening.map((line) => line.trim().split(/\s+/)[3])).toEqual([`127.0.0.1:${spec.uplink?.sshPort}`]);
    const lines = events.flatMap((event) => (event.type === 'command' ? [event.line] : []));
    expect(lines).toContain(provider.native('start', spec)[0]);
    expect(lines.some((line) => line.startsWith('qemu-img create'))).toBe(true);
  });
});

/** The hardware address of a DHCPDISCOVER, as aa:bb:cc:dd:ee:ff; nothing for other frames. */
function dhcpDiscover({ frame }: { frame: Buffer }): string[] {
  const isIpv4Udp = frame.length > 282 && frame.readUInt16BE(12) === 0x0800 && frame[23] === 17;
  if (!isIpv4Udp || frame.readUInt16BE(36) !== 67) return [];
  const options = frame.subarray(14 + 20 + 8 + 240);
  if (!options.subarray(0, 3).equals(Buffer.from([53, 1, 1]))) return [];
  const address = frame.subarray(42 + 28, 42 + 34).toString('hex');
  return [address.match(/../g)?.join(':') ?? ''];
}
