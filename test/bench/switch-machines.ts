import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { createExec } from '../../src/engine/exec-process.js';
import { createSwitchClient } from '../../src/engine/network/switch-client.js';
import { cpioFile } from './cpio.js';
import { median } from './figures.js';

export interface MachinesMeasurement {
  /** Mbit/s of an HTTP download from one machine to the other, median of the rounds. */
  direct: number;
  switched: number;
  /** Median of switched / direct of each round. */
  share: number;
}

const ROUNDS = 5;
const MEBIBYTES = 92;

/**
 * Takes the place of the image's own init. Two machines with two cards each: eth0 on a cable between them (QEMU's own socket),
 * eth1 on the switch. The second downloads from the first over both in turn.
 */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/sbin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
for module in $(cat /etc/modules); do modprobe -q "$module" 2> /dev/null; done
me=$(sed -n 's/.*bench=\\([12]\\).*/\\1/p' /proc/cmdline)
ifconfig eth0 10.0.0.$me netmask 255.255.255.0 up
ifconfig eth1 10.0.1.$me netmask 255.255.255.0 up
exec > /dev/ttyS0 2>&1
if [ "$me" = 1 ]; then
  mkdir /www
  dd if=/dev/zero of=/www/file bs=1048576 count=${MEBIBYTES} 2> /dev/null
  exec httpd -f -h /www
fi
until wget -q -O /dev/null http://10.0.0.1/file && wget -q -O /dev/null http://10.0.1.1/file; do sleep 1; done
transfer() {
  sleep 1
  read start rest < /proc/uptime
  wget -q -O /dev/null http://10.0.$1.1/file
  read end rest < /proc/uptime
  echo "BENCH $1 $start $end"
}
for round in $(seq ${ROUNDS}); do transfer 0; transfer 1; done
echo BENCH done
poweroff -f
`;

/** HTTP between two real machines, over QEMU's point-to-point socket and through the switch. Takes a minute or more. */
export async function measureSwitchWithMachines(image: {
  kernel: string;
  initrd: string;
}): Promise<MachinesMeasurement> {
  const directory = await mkdtemp(join(tmpdir(), 'lab-bench-'));
  const script = join(directory, 'switch.mjs');
  await build({
    entryPoints: ['src/engine/network/switch-main.ts'],
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
  });
  const client = createSwitchClient({
    exec: createExec({ emit: () => {} }),
    script,
    runtimeDirectory: directory,
    pcapFile: join(directory, 'wire.pcap'),
  });
  const started: ChildProcess[] = [];
  try {
    const initrd = await appendInit(image.initrd, join(directory, 'initrd'));
    for (const number of [1, 2]) {
      started.push(startMachine(number, directory, image.kernel, initrd));
      await client.add({ name: `m${number}`, path: join(directory, `m${number}.net`) });
      // The second dials the first's cable.
      await sleep(500);
    }
    return summarise(await results(join(directory, 'm2.log'), started));
  } finally {
    for (const child of started) child.kill('SIGKILL');
    await client.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function appendInit(base: string, target: string): Promise<string> {
  const { size } = await stat(base);
  await pipeline(createReadStream(base), createWriteStream(target));
  const padding = Buffer.alloc((4 - (size % 4)) % 4);
  const tail = createWriteStream(target, { flags: 'a' });
  tail.end(Buffer.concat([padding, cpioFile('init', INIT)]));
  await new Promise<void>((resolve) => tail.once('close', resolve));
  return target;
}

function startMachine(number: number, directory: string, kernel: string, initrd: string): ChildProcess {
  const cable = `addr.type=unix,addr.path=${join(directory, 'cable')}`;
  const args = [
    ['-name', `bench-${number}`, '-machine', 'pc', '-accel', 'tcg,tb-size=128', '-cpu', 'max', '-m', '768M'],
    ['-nodefaults', '-display', 'none', '-serial', `file:${join(directory, `m${number}.log`)}`],
    ['-kernel', kernel, '-initrd', initrd, '-append', `console=ttyS0 quiet bench=${number}`],
    ['-netdev', `stream,id=direct,server=${number === 1 ? 'on' : 'off'},${cable}`],
    ['-device', `virtio-net-pci,netdev=direct,mac=08:00:27:00:01:0${number},romfile=`],
    ['-netdev', `stream,id=switched,server=on,addr.type=unix,addr.path=${join(directory, `m${number}.net`)}`],
    ['-device', `virtio-net-pci,netdev=switched,mac=08:00:27:00:02:0${number},romfile=`],
  ].flat();
  return spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function results(log: string, machines: ChildProcess[]): Promise<string[]> {
  for (;;) {
    await sleep(500);
    const text = await readFile(log, 'latin1').catch(() => '');
    if (text.includes('BENCH done')) return text.split('\n').filter((line) => /^BENCH \d/.test(line));
    if (machines.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)) {
      throw new Error(`a machine of the benchmark ended early: ${text.slice(-500)}`);
    }
  }
}

function summarise(lines: string[]): MachinesMeasurement {
  const rates = lines.map((line) => {
    const [, , start = 0, end = 0] = line.split(' ').map(Number);
    return (MEBIBYTES * 8 * 1.048576) / (end - start);
  });
  // The first pair warms up: translation cache, TCP windows, the switch's learning.
  const rounds = Array.from(
    { length: ROUNDS },
    (_, round) => [rates[2 + round * 2], rates[3 + round * 2]] as [number, number],
  );
  return {
    direct: median(rounds.map(([direct]) => direct)),
    switched: median(rounds.map(([, switched]) => switched)),
    share: median(rounds.map(([direct, switched]) => switched / direct)),
  };
}
